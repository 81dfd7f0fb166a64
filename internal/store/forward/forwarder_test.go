package forward_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

func TestForwarderMovesEverythingOnce(t *testing.T) {
	t.Parallel()
	l, p, seen := storetest.OpenJournal(t), storetest.OpenPostgres(t), storetest.NewObserved()
	f := storetest.Forward(t, l, p, forward.Options{BatchRows: 100, Observer: seen})
	today, tomorrow := storetest.Records(storetest.Day, 700), storetest.Records(storetest.Day+1, 300)
	for i := range today {
		storetest.AppendAll(t, l, today[i:i+1])
		if i < len(tomorrow) {
			storetest.AppendAll(t, l, tomorrow[i:i+1])
		}
	}
	storetest.Drain(t, f)
	storetest.WantExactly(t, p, storetest.Day, today)
	storetest.WantExactly(t, p, storetest.Day+1, tomorrow)
	storetest.WantEmpty(t, l)
	if copied := seen.Rows(store.ByCopy); copied != 1000 {
		t.Errorf("%d rows by COPY, want all 1000: none was in doubt", copied)
	}
}

// TestRowsOfALifeBeforeAreInDoubt: the process died after PostgreSQL's commit and before
// the rows were removed, or before they were sent; it is not known which.
func TestRowsOfALifeBeforeAreInDoubt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	p, recs := storetest.OpenPostgres(t), storetest.Records(storetest.Day, 50)
	before := storetest.OpenJournalAt(t, path, journal.Options{})
	storetest.AppendAll(t, before, recs)
	storetest.CloseIt(t, before)
	if err := p.CopyIn(t.Context(), recs[:20]); err != nil { // committed and not removed
		t.Fatal(err)
	}

	l, seen := storetest.OpenJournalAt(t, path, journal.Options{}), storetest.NewObserved()
	f := storetest.Forward(t, l, p, forward.Options{Observer: seen})
	later := storetest.Records(storetest.Day, 5)
	storetest.AppendAll(t, l, later)
	storetest.Drain(t, f)
	storetest.WantExactly(t, p, storetest.Day, append(recs, later...))
	storetest.WantEmpty(t, l)
	if up, cp := seen.Rows(store.ByUpsert), seen.Rows(store.ByCopy); up != 50 || cp != 5 {
		t.Errorf("%d rows by upsert and %d by COPY, want 50 and 5", up, cp)
	}
	if errs := seen.Errors(); len(errs) > 0 {
		t.Errorf("rows in doubt were first tried by COPY: %v", errs)
	}
}

// TestRefusedRowsAreQuarantined: PostgreSQL has no NUL in text. The others are not stopped.
func TestRefusedRowsAreQuarantined(t *testing.T) {
	t.Parallel()
	l, p, seen := storetest.OpenJournal(t), storetest.OpenPostgres(t), storetest.NewObserved()
	f := storetest.Forward(t, l, p, forward.Options{Observer: seen})
	recs := storetest.Records(storetest.Day, 100)
	recs[17].Account, recs[99].TradingDay = "a\x00b", 7
	seq := storetest.AppendAll(t, l, recs)
	var refused *store.RefusedError
	if err := f.Wait(storetest.Within(t), seq); !errors.As(err, &refused) {
		t.Errorf("Wait for a poison row: %v, want a RefusedError", err)
	}
	good := append(append([]store.Record(nil), recs[:17]...), recs[18:99]...)
	storetest.WantExactly(t, p, storetest.Day, good)
	storetest.WantEmpty(t, l)
	quarantined, err := l.Quarantine(t.Context())
	if err != nil || len(quarantined) != 2 {
		t.Fatalf("quarantine: %v, error %v, want two", quarantined, err)
	}
	for i, want := range []store.Record{recs[17], recs[99]} {
		if got := quarantined[i]; got.Record.ID != want.ID || !storetest.SameRecord(got.Record, want) || got.Error == "" {
			t.Errorf("in quarantine: %+v", got)
		}
		if seen.Refused[want.ID] == nil {
			t.Errorf("the observer was not told of %v", want.ID)
		}
	}
	if !f.Healthy() {
		t.Errorf("unhealthy for a poison row: %v", f.LastError())
	}
}

// TestReleaseSendsAgain: once the reason is mended, what was quarantined is forwarded.
func TestReleaseSendsAgain(t *testing.T) {
	t.Parallel()
	l, p, seen := storetest.OpenJournal(t), storetest.OpenPostgres(t), storetest.NewObserved()
	storetest.Execute(t, p, "ALTER TABLE record ADD CONSTRAINT mistake CHECK (session_id <> 7)")
	f := storetest.Forward(t, l, p, forward.Options{Observer: seen})
	recs := storetest.Records(storetest.Day, 3)
	seq := storetest.AppendAll(t, l, recs)
	var refused *store.RefusedError
	if err := f.Wait(storetest.Within(t), seq); !errors.As(err, &refused) {
		t.Fatalf("Wait: %v, want a RefusedError", err)
	}
	storetest.Execute(t, p, "ALTER TABLE record DROP CONSTRAINT mistake")
	if n, err := l.Release(t.Context()); n != 3 || err != nil {
		t.Fatalf("Release: %d, %v", n, err)
	}
	storetest.AppendAll(t, l, storetest.Records(storetest.Day+1, 1)) // wakes it
	storetest.Drain(t, f)
	storetest.WantExactly(t, p, storetest.Day, recs)
}

// TestCrashOfPostgres stops it without warning while records flow.
func TestCrashOfPostgres(t *testing.T) {
	t.Parallel()
	c := pgtest.Start(t)
	l, p := storetest.OpenJournal(t), storetest.OpenPostgresAt(t, c.URL(), postgres.Options{})
	seen := storetest.NewObserved()
	f := storetest.Forward(t, l, p, forward.Options{BatchRows: 50, BatchDelay: time.Millisecond, Observer: seen})
	recs := storetest.Records(storetest.Day, 1500)
	for round := range 3 {
		part := recs[round*500 : (round+1)*500]
		storetest.AppendAll(t, l, part[:250])
		c.Stop(pgtest.Immediate)
		storetest.AppendAll(t, l, part[250:]) // logins go on
		<-seen.Failed
		storetest.Eventually(t, func() error {
			if f.Healthy() {
				return errors.New("healthy without PostgreSQL")
			}
			return nil
		})
		c.Start()
		storetest.Drain(t, f)
	}
	storetest.WantExactly(t, p, storetest.Day, recs)
	storetest.WantEmpty(t, l)
	storetest.Eventually(t, f.LastError)
}

// TestFrozenPostgres: it hangs past the batch's patience, wherever the batch is, and goes
// on later with what it had received.
func TestFrozenPostgres(t *testing.T) {
	t.Parallel()
	c := pgtest.Start(t)
	l, p := storetest.OpenJournal(t), storetest.OpenPostgresAt(t, c.URL(), postgres.Options{BatchPatience: 300 * time.Millisecond})
	seen := storetest.NewObserved()
	f := storetest.Forward(t, l, p, forward.Options{BatchRows: 100, BatchDelay: time.Millisecond, Observer: seen})
	recs := storetest.Records(storetest.Day, 600)
	for round := range 2 {
		part := recs[round*300 : (round+1)*300]
		storetest.AppendAll(t, l, part[:100])
		c.Freeze()
		storetest.AppendAll(t, l, part[100:])
		<-seen.Failed
		c.Thaw()
		storetest.Drain(t, f)
	}
	storetest.WantExactly(t, p, storetest.Day, recs)
	storetest.WantEmpty(t, l)
	if seen.Rows(store.ByUpsert) == 0 {
		t.Error("no batch was in doubt")
	}
}

func TestForwarderStartAndCloseAreIdempotent(t *testing.T) {
	t.Parallel()
	l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
	never := forward.New(l, p, forward.Options{})
	never.Close()
	never.Start()
	never.Close()
	if err := never.Wait(storetest.Within(t), 1); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Wait at a closed forwarder: %v, want ErrClosed", err)
	}
	f := forward.New(l, p, forward.Options{})
	f.Start()
	f.Start()
	recs := storetest.Records(storetest.Day, 10)
	storetest.AppendAll(t, l, recs)
	storetest.Drain(t, f)
	f.Close()
	f.Close()
	storetest.WantExactly(t, p, storetest.Day, recs)
}

// TestNobodyWaitsForTheBatchDelay: it is for gathering, not for those who wait.
func TestNobodyWaitsForTheBatchDelay(t *testing.T) {
	t.Parallel()
	l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
	f := storetest.Forward(t, l, p, forward.Options{BatchDelay: time.Hour})
	for range 3 {
		seq := storetest.AppendAll(t, l, storetest.Records(storetest.Day, 1))
		if err := f.Wait(storetest.Within(t), seq); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFullBatchIsNotDelayed: rows or time, whichever is first.
func TestFullBatchIsNotDelayed(t *testing.T) {
	t.Parallel()
	l, p, seen := storetest.OpenJournal(t), storetest.OpenPostgres(t), storetest.NewObserved()
	storetest.Forward(t, l, p, forward.Options{BatchRows: 10, BatchDelay: time.Hour, Observer: seen})
	storetest.AppendAll(t, l, storetest.Records(storetest.Day, 20)) // its first look may have taken up to 9 of them
	storetest.Eventually(t, func() error {
		if n := seen.Rows(store.ByCopy); n < 10 {
			return errors.New("the full batch is not sent")
		}
		return nil
	})
}

func TestPending(t *testing.T) {
	t.Parallel()
	l := storetest.OpenJournal(t)
	f := forward.New(l, storetest.OpenPostgres(t), forward.Options{})
	if rows, oldest, err := f.Pending(t.Context()); rows != 0 || !oldest.IsZero() || err != nil {
		t.Errorf("empty: %d, %v, %v", rows, oldest, err)
	}
	recs := storetest.Records(calendar.TradingDay(20260105), 3)
	for i := range recs {
		recs[i].LoginTime = recs[i].LoginTime.Add(time.Duration(i) * time.Minute)
	}
	storetest.AppendAll(t, l, recs)
	if rows, oldest, err := f.Pending(t.Context()); rows != 3 || !oldest.Equal(recs[0].LoginTime) || err != nil {
		t.Errorf("%d, %v, %v, want 3 and %v", rows, oldest, err, recs[0].LoginTime)
	}
	f.Close()
}
