package proof

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/supplement"
)

// openBatch is how many records are opened at a time, on all processors.
const openBatch = 512

// readStores puts the records of the answers' days into the sort.
func (r *run) readStores(ctx context.Context) error {
	in := &intake{run: r}
	for _, source := range []struct {
		origin  origin
		records Records
	}{{fromLocal, r.opt.Local}, {fromRecords, r.opt.Records}} {
		if source.records == nil {
			continue
		}
		for _, day := range slices.Sorted(maps.Keys(r.days)) {
			err := source.records.Scan(ctx, day, func(rec *store.Record) error { return in.take(ctx, rec, source.origin) })
			if err == nil {
				err = in.flush()
			}
			if err == nil {
				err = look(ctx, r.opt.ReadingStore, in.rows, 0) // a scan that was cut short must not pass for a short day
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// intake makes entries of records, and opens their supplements a batch at a time.
type intake struct {
	*run
	rows  int64
	batch []sealed
}

// sealed is a record whose supplement is to be opened.
type sealed struct {
	entry      entry
	version    string
	supplement []byte
	visit      int64 // when the terminal logged in at its relay, in seconds; 0 in direct mode
}

func (in *intake) take(ctx context.Context, rec *store.Record, from origin) error {
	if in.rows++; in.rows%step == 0 {
		if err := look(ctx, in.opt.ReadingStore, in.rows, 0); err != nil {
			return err
		}
	}
	s := sealed{
		entry: entry{
			id: rec.ID, origin: from,
			items: items{
				day: rec.TradingDay, login: rec.LoginTime, frontID: rec.FrontID, sessionID: rec.SessionID, flag: rec.Flag,
				text: digestOf(rec.Terminal), account: string(rec.Account), appID: string(rec.AppID),
			},
		},
		version: rec.KeyVersion,
	}
	if !rec.VisitTime.IsZero() { // through a relay, in either mode, the answer has the terminal's time, not the front's instant
		s.entry.items.login = rec.VisitTime
	}
	if len(in.opt.Keys) == 0 {
		return in.add(&s.entry)
	}
	s.supplement = append([]byte(nil), rec.Supplement...)
	if !rec.VisitTime.IsZero() {
		s.visit = rec.VisitTime.Unix()
	}
	if in.batch = append(in.batch, s); len(in.batch) < openBatch {
		return nil
	}
	return in.flush()
}

// flush opens what was gathered, and adds it.
func (in *intake) flush() error {
	var workers sync.WaitGroup
	n := runtime.GOMAXPROCS(0)
	for w := range n {
		workers.Go(func() {
			for i := w; i < len(in.batch); i += n {
				in.batch[i].open(in.opt.Keys)
			}
		})
	}
	workers.Wait()
	for i := range in.batch {
		if err := in.add(&in.batch[i].entry); err != nil {
			return err
		}
	}
	in.batch = in.batch[:0]
	return nil
}

// open opens the supplement, and holds it to its record.
func (s *sealed) open(keys map[string]Decrypter) {
	e := &s.entry
	key := keys[s.version]
	if key == nil {
		e.fault, e.detail = unopened, "no test key of version "+s.version+" was given"
		return
	}
	text, err := key.Decrypt(s.supplement)
	if err != nil {
		e.fault, e.detail = unopened, "the test key of version "+s.version+" does not open it"
		return
	}
	parsed, err := supplement.Parse(text)
	if err != nil {
		e.fault, e.detail = contradict, err.Error()
		return
	}
	e.opened, e.address = true, parsed.Public
	login := e.items.login.Unix()
	if s.visit != 0 {
		login = s.visit
	}
	for _, item := range []struct{ name, says, record string }{
		{"abnormal flag", parsed.Flag.String(), e.items.flag.String()},
		{"AppID", string(parsed.AppID), e.items.appID},
		{"account", string(parsed.Account), e.items.account},
		{"login time", fmt.Sprint(parsed.LoginTime.Unix()), fmt.Sprint(login)},
	} {
		if item.says != item.record {
			e.fault, e.detail = contradict, fmt.Sprintf("%s: the supplement says %.60q, the record %.60q", item.name, item.says, item.record)
			return
		}
	}
}
