package heartbeat

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// Period is the time between two reports of a running front; store.AliveFor is a few of them.
const Period = 5 * time.Second

// Journal is the front's local store, as its reports count it.
type Journal interface {
	StoreID(ctx context.Context) (uuid.UUID, error)
	BeginLife(ctx context.Context, anew bool) (store.Life, error)
	NextReport(ctx context.Context, life uuid.UUID) (number int64, err error)
	// Settle returns nil once the fate of every record is known that the journal was given before.
	Settle(ctx context.Context) error
	Held(ctx context.Context) (held map[calendar.TradingDay]store.Held, oldest time.Time, err error)
	ForwardedOf(ctx context.Context) (map[calendar.TradingDay]int64, error)
}

// Forwarder is the front's forwarder, whose work the reports state.
type Forwarder interface {
	Rows() int64
	Healthy() bool
}

// Receiver is PostgreSQL, which keeps the reports.
type Receiver interface {
	ReportFront(ctx context.Context, r *store.FrontReport, now func() time.Time) (before []store.Front, err error)
}

// Options say who the front is.
type Options struct {
	FrontID int32
	Host    string
	Version string
	Admin   string // host:port of the admin listener; "" for none
	// Config is the hash of the configuration that is in force; nil if none is told.
	Config func() string
	// Corrupt counts the damaged local stores that were moved away and are not recovered; nil for
	// none.
	Corrupt func() (int, error)
	// TakesOver says that the process takes the place of one that still reports. The life begins with the first report, which the old
	// process's reports are behind, and New writes nothing: a disk without room keeps no process from taking over.
	TakesOver bool
	Now       func() time.Time // nil for time.Now
}

// Heartbeat reports to PostgreSQL what a front holds: every Period, and a last time when the front
// stops. The export of a day decides by these reports whether a front may hold records of the day.
type Heartbeat struct {
	local     Journal
	forwarder Forwarder
	pg        Receiver
	opt       Options
	id        uuid.UUID // of the local store
	started   time.Time

	reporting sync.Mutex // one report at a time, so that the last one is the newest
	stopped   bool       // the last report was sent, or tried
	process   uuid.UUID
	life      store.Life // of the local store

	mu        sync.Mutex
	first     time.Time         // of our first report, by PostgreSQL's clock; zero before it
	duplicate *store.Front      // another front with our FrontID or store that is alive
	other     []store.Front     // other lives of our store that held records or run
	err       error             // of the last report
	clock     store.FrontReport // ClockOffset and ClockError as last measured
	fails     int               // reports in a row that failed although PostgreSQL takes records
}

// New prepares the reports of the front whose local store that is, and begins a life of the store unless opt has TakesOver.
func New(ctx context.Context, local Journal, f Forwarder, pg Receiver, opt Options) (*Heartbeat, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	id, err := local.StoreID(ctx)
	if err != nil {
		return nil, err
	}
	p := &Heartbeat{local: local, forwarder: f, pg: pg, opt: opt, id: id, process: uuid.New(), started: opt.Now()}
	if opt.TakesOver {
		return p, nil
	}
	return p, p.begin(ctx)
}

// begin draws the life of this process, if it has none yet. If we crash after it and before the first report, the next life continues this
// one, which has made none.
func (p *Heartbeat) begin(ctx context.Context) (err error) {
	if p.life.ID == uuid.Nil {
		p.life, err = p.local.BeginLife(ctx, false)
	}
	return err
}

// Report tells PostgreSQL what the front holds.
func (p *Heartbeat) Report(ctx context.Context) error { return p.send(ctx, false) }

// Stop makes the last report; later calls of Report and Stop send nothing. The caller must have
// ended all appends to the local store.
func (p *Heartbeat) Stop(ctx context.Context) error { return p.send(ctx, true) }

func (p *Heartbeat) send(ctx context.Context, stopped bool) error {
	p.reporting.Lock()
	defer p.reporting.Unlock()
	if p.stopped {
		return nil
	}
	p.stopped = stopped
	before, err := p.attempt(ctx, stopped)
	if errors.Is(err, store.ErrLifeTaken) {
		if err = p.beginAnew(ctx); err == nil {
			before, err = p.attempt(ctx, stopped)
		}
	}
	if err != nil {
		err = fmt.Errorf("telling PostgreSQL what this front holds: %w", err)
	}
	p.note(before, err)
	return err
}

// attempt counts, notes durably that this life makes one more report, and makes it. If we crash
// between the two, a number is left out.
func (p *Heartbeat) attempt(ctx context.Context, stopped bool) (before []store.Front, err error) {
	if err := p.begin(ctx); err != nil {
		return nil, err
	}
	report, err := p.count(ctx, stopped)
	if err != nil {
		return nil, err
	}
	if report.Number, err = p.local.NextReport(ctx, p.life.ID); err != nil {
		return nil, err
	}
	before, err = p.pg.ReportFront(ctx, &report, p.opt.Now)
	if err == nil {
		p.mu.Lock()
		p.clock = report
		p.mu.Unlock()
	}
	return before, err
}

// beginAnew is for a machine that was put back to an earlier state, or copied, while it ran: the later
// reports of the life that both have are the other machine's.
func (p *Heartbeat) beginAnew(ctx context.Context) error {
	life, err := p.local.BeginLife(ctx, true)
	if err == nil {
		p.life, p.process = life, uuid.New()
	}
	return err
}

// count makes the report. It reads the clock first: every record with an earlier login time that is
// committed by then is counted, or is in PostgreSQL. It waits for the commit that is under way then:
// a record in doubt must not come after a report that does not count it.
func (p *Heartbeat) count(ctx context.Context, stopped bool) (store.FrontReport, error) {
	r := store.FrontReport{
		FrontID: p.opt.FrontID, StoreID: p.id, Life: p.life.ID, Continues: p.life.Continues, Process: p.process, Host: p.opt.Host,
		Version: p.opt.Version, AdminAddress: p.opt.Admin,
		Started: p.started, Counted: p.opt.Now(), Stopped: stopped, Forwarded: p.forwarder.Rows(),
	}
	if p.opt.Config != nil {
		r.Config = p.opt.Config()
	}
	var err error
	// Before the records: a store that is recovered meanwhile is counted twice, and not left out.
	if p.opt.Corrupt != nil {
		if r.CorruptStores, err = p.opt.Corrupt(); err != nil {
			return r, err
		}
	}
	if err = p.local.Settle(ctx); err != nil {
		return r, err
	}
	if r.Held, r.Oldest, err = p.local.Held(ctx); err != nil {
		return r, err
	}
	r.ForwardedOf, err = p.local.ForwardedOf(ctx)
	return r, err
}

// note keeps the result of a report. before are the reports that PostgreSQL had under our FrontID and
// store; note finds duplicates and other lives among them.
func (p *Heartbeat) note(before []store.Front, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err = err; err != nil {
		if p.fails++; !p.forwarder.Healthy() { // PostgreSQL is away, which is reported elsewhere
			p.fails = 0
		}
		return
	}
	p.fails = 0
	p.duplicate, p.other = nil, nil
	var latest time.Time // PostgreSQL's clock, as far as the reports before ours show it
	for i := range before {
		f := &before[i]
		latest = lastOf(latest, f.Seen.Add(f.Ago))
		// A report from before our first one may be our own, of the life before.
		if f.Process != p.process && f.Alive() && !p.first.IsZero() && f.Seen.After(p.first) {
			p.duplicate = f
		}
		if f.OtherLife && f.StoreID == p.id && f.Retired.IsZero() && (!f.Stopped || f.MayHold()) {
			p.other = append(p.other, *f)
		}
	}
	if p.first.IsZero() {
		p.first = latest
	}
}

func lastOf(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// OtherLives are the other lives of this local store that held records or were running at their last
// report: a backup or a snapshot was put back, and what they held is elsewhere or gone.
func (p *Heartbeat) OtherLives() []store.Front {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.other
}

// Duplicate is another running front with the same FrontID or a copy of our store, nil if none is
// known: two hosts have the same front.id, or a local store was copied to another host.
func (p *Heartbeat) Duplicate() *store.Front {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.duplicate
}

// Clock is how far our clock was ahead of PostgreSQL's at the last report, and by how much they
// differed at least.
func (p *Heartbeat) Clock() (offset, differs time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.clock.ClockOffset, p.clock.ClockDiffers()
}

// missingReports is after how many failed reports in a row a front counts as missing: one may fail by
// chance.
const missingReports = 3

// Missing is why PostgreSQL gets no reports of this front although it takes its records: a right is
// missing, or the statement fails. While PostgreSQL is away it is nil.
func (p *Heartbeat) Missing() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fails < missingReports {
		return nil
	}
	return p.err
}

// LastError is why the last report failed, nil if it did not.
func (p *Heartbeat) LastError() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}
