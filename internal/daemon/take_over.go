package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/core/link"
	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/handover"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store/localfile"
)

// handedForm is the form of handed. It rises when an older program could misread a newer one's; what only adds a field need
// not change it.
const handedForm = 1

// handed is what one process gives another, but for the descriptors: those of Listeners, of the lock of the local store,
// of the admin and the health listener where there are such, and of Connections, in this order.
type handed struct {
	Form        int
	Version     string // of the program that gives
	FrontID     int32
	Store       string   // path of the local store
	Listeners   []string // as configured
	Admin       bool
	Health      bool
	LastID      int32
	Connections []front.Image
	Link        *link.Image `json:",omitempty"`
	// Keys under which sessions are counted over all fronts: the last, and those before it, which are there only after PostgreSQL has failed. A program
	// that knows one alone reads what another gives as a rule.
	Online       int64   `json:",omitempty"`
	OnlineBefore []int64 `json:",omitempty"`
}

func (h *handed) setOnlineKeys(keys []int64) {
	if last := len(keys) - 1; last >= 0 {
		h.OnlineBefore, h.Online = keys[:last], keys[last]
	}
}

func (h *handed) onlineKeys() []int64 {
	if h.Online == 0 {
		return nil
	}
	return append(slices.Clone(h.OnlineBefore), h.Online)
}

// taken is what a process has of the one whose place it takes; nil in a process that was started by itself.
type taken struct {
	*handover.Taker
	alone chan struct{} // closed once the old process has ended

	given     handed
	listeners []*net.TCPListener // in the order of given.Listeners
	lock      *os.File
	others    map[string]net.Listener // admin and health
	resumed   *front.Handover
}

// The names of taken.others.
const (
	takenAdmin  = "admin"
	takenHealth = "health"
)

// takePatience bounds each wait for the old process, which gives up long before (holdPatience, givePatience).
const takePatience = time.Minute

// listener is the admin or the health listener of the old process; nil if there is none, or no old process.
func (t *taken) listener(name string) net.Listener {
	if t == nil || t.others[name] == nil { // a nil of its own, not of an interface
		return nil
	}
	return t.others[name]
}

// listen is the socket that the old process had bound to an address; the front asks in the order of its listeners.
func (t *taken) listen(string) (l *net.TCPListener, err error) {
	l, t.listeners = t.listeners[0], t.listeners[1:]
	return l, nil
}

// isAlone reports whether the old process has ended.
func (t *taken) isAlone() bool {
	select {
	case <-t.alone:
		return true
	default:
		return false
	}
}

// front is what the old process gave of its front; nil without an old process.
func (t *taken) front() *front.Handover {
	if t == nil {
		return nil
	}
	return t.resumed
}

// takeOver makes the start of a path one that takes the place of another process: what two processes may not have at once
// comes from that, or waits for its end.
func (d *Daemon) takeOver(opt *PathOptions) {
	b := &opt.Between
	b.BeforeJournal, b.AfterJournal = d.sameSchema, d.watchJournal
	b.AfterDirectory, b.AfterForwarder = d.take, nil
	opt.TakeOver = d.waitAlone
	opt.Process = func() string { return d.taken.given.process() }
}

// process is the UUID under which a trading core knows the front.
func (h *handed) process() string {
	if h.Link == nil {
		return ""
	}
	return h.Link.Process
}

// sameSchema refuses to take over while the local store would have to be migrated: the old process could not go on with it
// if this one failed.
func (d *Daemon) sameSchema(ctx context.Context) error {
	if err := localfile.SameSchema(ctx, d.cfg.Store.Path); err != nil {
		return fmt.Errorf("store.path: %w: this program cannot take over from a running front, stop that and start this one", err)
	}
	return nil
}

// watchJournal lets /readyz tell of a local store that hangs, also before this process is the front.
func (d *Daemon) watchJournal(context.Context) error {
	d.localHealth.heldUp = d.path.Journal.HeldUp
	return nil
}

// take says that this process can take, waits for what the old one gives, and binds what that had bound.
func (d *Daemon) take(ctx context.Context) error {
	t := d.taken
	if err := t.Ready(); err != nil {
		return fmt.Errorf("handover: the old process has ended: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, takePatience)
	defer cancel()
	files, err := t.Take(ctx, &t.given)
	if err == nil {
		err = d.suits(&t.given)
	}
	if err == nil {
		err = t.takeDescriptors(files)
	}
	if err == nil {
		err = t.sameAddresses(ctx, &d.cfg.Admin)
	}
	if err != nil {
		return err
	}
	d.sole = t.lock
	if err := d.path.Journal.CatchUp(); err != nil {
		return fmt.Errorf("store.path: %w", err)
	}
	return d.bindListeners(ctx)
}

// suits refuses what this process's configuration does not fit.
func (d *Daemon) suits(h *handed) error {
	var listeners []string
	for _, l := range assemble.FrontListeners(d.cfg) {
		listeners = append(listeners, l.Address)
	}
	const instead = "stop and start the front instead"
	switch {
	case h.Form != handedForm:
		return fmt.Errorf("the old process (%s) gives form %d, this one takes form %d: %s", h.Version, h.Form, handedForm, instead)
	case h.FrontID != d.cfg.Front.ID:
		return fmt.Errorf("front.id was changed from %d to %d: %s", h.FrontID, d.cfg.Front.ID, instead)
	case h.Store != localfile.RealPath(d.cfg.Store.Path):
		return fmt.Errorf("store.path was changed from %s: %s", h.Store, instead)
	case !slices.Equal(h.Listeners, listeners):
		return fmt.Errorf("front.listeners was changed from %v to %v: %s", h.Listeners, listeners, instead)
	case h.Admin != d.cfg.Admin.Address.Given(), h.Health != d.cfg.Admin.HealthAddress.Given():
		return errors.New("admin.address or admin.health_address was added or left out: " + instead)
	case (h.Link != nil) != (d.cfg.Core.Driver == assemble.DriverLink):
		return errors.New("core.driver was changed: " + instead)
	}
	return nil
}

// takeDescriptors makes listeners, the lock and connections of the descriptors, which come in the order that handed says.
func (t *taken) takeDescriptors(files []*os.File) error {
	h := &t.given
	want := len(h.Listeners) + 1 + len(h.Connections)
	for _, there := range []bool{h.Admin, h.Health} {
		if there {
			want++
		}
	}
	if len(files) != want {
		return fmt.Errorf("handover: %d descriptors came, and not %d", len(files), want)
	}
	next := func() (f *os.File) { f, files = files[0], files[1:]; return f }
	for range h.Listeners {
		l, err := tcpListener(next())
		if err != nil {
			return err
		}
		t.listeners = append(t.listeners, l)
	}
	t.lock = next()
	t.others = make(map[string]net.Listener)
	for _, other := range []struct {
		name  string
		there bool
	}{{takenAdmin, h.Admin}, {takenHealth, h.Health}} {
		if !other.there {
			continue
		}
		l, err := tcpListener(next())
		if err != nil {
			return err
		}
		t.others[other.name] = l
	}
	t.resumed = &front.Handover{LastID: h.LastID}
	for i, f := range files {
		t.resumed.Resumed = append(t.resumed.Resumed, &front.Resumed{File: f, Image: h.Connections[i]})
	}
	return nil
}

// tcpListener makes a listener of a descriptor, and takes it over.
func tcpListener(f *os.File) (*net.TCPListener, error) {
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("handover: %w", err)
	}
	tcp, is := l.(*net.TCPListener)
	if !is {
		return nil, errors.Join(fmt.Errorf("handover: %v is no TCP listener", l.Addr()), l.Close())
	}
	return tcp, nil
}

// waitAlone makes everything that was taken, says so, and returns once the old process has ended. From then on this one is
// the front.
func (d *Daemon) waitAlone(ctx context.Context) error {
	t := d.taken
	if err := d.front.Prepare(); err != nil {
		return err
	}
	terminals := make(map[int32]core.Terminal)
	for _, r := range t.resumed.Resumed {
		if i := &r.Image.Dialogue; !r.Image.Exit {
			terminals[i.Peer.SessionID] = d.front.TerminalOf(r)
			if i.Answered {
				d.path.Gateway.Resumed(regulation.Account(i.Session.UserID))
			}
		}
	}
	// To this process's accounts none was disabled since they were read first, and the old one may have ended before it looked.
	d.barred.Store(true)
	if d.online != nil {
		d.online.Succeeds(t.given.onlineKeys()...)
	}
	if t.given.Link != nil {
		if err := d.path.Link.Adopt(t.given.Link, func(id int32) core.Terminal { return terminals[id] }); err != nil {
			return err
		}
	}
	if err := d.beginHeartbeat(ctx); err != nil {
		return err
	}
	crashPoint("prepared")
	began := time.Now()
	t.Prepared()
	wait, cancel := context.WithTimeout(ctx, takePatience)
	defer cancel()
	if err := t.AwaitAlone(wait); err != nil {
		return fmt.Errorf("handover: the old process does not end: %w", err)
	}
	close(t.alone)
	crashPoint("alone")
	assemble.NameSoleFront(d.sole)
	d.logger.Info("this process has taken the place of another", zap.String("from_version", t.given.Version),
		zap.Int("connections", len(t.given.Connections)), zap.Duration("waited", time.Since(began)))
	return nil
}

// atCore is the session at the trading core of a connection that was taken.
func (d *Daemon) atCore(id int32) core.Session {
	if d.path.Link == nil {
		return nil
	}
	return d.path.Link.Session(id)
}
