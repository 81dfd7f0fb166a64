package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func drain(t *testing.T, f *store.Forwarder) {
	t.Helper()
	if err := f.Drain(within(t)); err != nil {
		t.Fatalf("Drain: %v, last error %v", err, f.LastError())
	}
}

func TestForwarderMovesEverythingOnce(t *testing.T) {
	l, p, seen := openLocal(t), openPostgres(t), newLedger()
	f := startForwarder(t, l, p, store.ForwarderOptions{BatchRows: 100, Observer: seen})
	today, tomorrow := storetest.Records(storetest.Day, 700), storetest.Records(storetest.Day+1, 300)
	for i := range today {
		appendAll(t, l, today[i:i+1])
		if i < len(tomorrow) {
			appendAll(t, l, tomorrow[i:i+1])
		}
	}
	drain(t, f)
	wantExactly(t, p, storetest.Day, today)
	wantExactly(t, p, storetest.Day+1, tomorrow)
	wantEmpty(t, l)
	if copied := seen.rows(store.ByCopy); copied != 1000 {
		t.Errorf("%d rows by COPY, want all 1000: none was in doubt", copied)
	}
}

// TestRowsOfALifeBeforeAreInDoubt: the process died after PostgreSQL's commit and before
// the rows were removed, or before they were sent; nobody knows.
func TestRowsOfALifeBeforeAreInDoubt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "local.db")
	p, recs := openPostgres(t), storetest.Records(storetest.Day, 50)
	before := openLocalAt(t, path, store.LocalOptions{})
	appendAll(t, before, recs)
	closeIt(t, before)
	if err := p.CopyIn(t.Context(), recs[:20]); err != nil { // committed and not removed
		t.Fatal(err)
	}

	l, seen := openLocalAt(t, path, store.LocalOptions{}), newLedger()
	f := startForwarder(t, l, p, store.ForwarderOptions{Observer: seen})
	later := storetest.Records(storetest.Day, 5)
	appendAll(t, l, later)
	drain(t, f)
	wantExactly(t, p, storetest.Day, append(recs, later...))
	wantEmpty(t, l)
	if up, cp := seen.rows(store.ByUpsert), seen.rows(store.ByCopy); up != 50 || cp != 5 {
		t.Errorf("%d rows by upsert and %d by COPY, want 50 and 5", up, cp)
	}
	if errs := seen.errors(); len(errs) > 0 {
		t.Errorf("rows in doubt were first tried by COPY: %v", errs)
	}
}

// TestPoisonRowsAreSetAside: PostgreSQL has no NUL in text. The others are not stopped.
func TestPoisonRowsAreSetAside(t *testing.T) {
	l, p, seen := openLocal(t), openPostgres(t), newLedger()
	f := startForwarder(t, l, p, store.ForwarderOptions{Observer: seen})
	recs := storetest.Records(storetest.Day, 100)
	recs[17].Account, recs[99].TradingDay = "a\x00b", 7
	seq := appendAll(t, l, recs)
	var refused *store.RefusedError
	if err := f.Wait(within(t), seq); !errors.As(err, &refused) {
		t.Errorf("Wait for a poison row: %v, want a RefusedError", err)
	}
	good := append(append([]store.Record(nil), recs[:17]...), recs[18:99]...)
	wantExactly(t, p, storetest.Day, good)
	wantEmpty(t, l)
	aside, err := l.Quarantine(t.Context())
	if err != nil || len(aside) != 2 {
		t.Fatalf("quarantine: %v, error %v, want two", aside, err)
	}
	for i, want := range []store.Record{recs[17], recs[99]} {
		if got := aside[i]; got.Record.ID != want.ID || !sameRecord(got.Record, want) || got.Error == "" {
			t.Errorf("in quarantine: %+v", got)
		}
		if seen.quarantined[want.ID] == nil {
			t.Errorf("nobody was told of %v", want.ID)
		}
	}
	if !f.Healthy() {
		t.Errorf("unhealthy for a poison row: %v", f.LastError())
	}
}

// TestReleaseSendsAgain: once the reason is mended, what was set aside is forwarded.
func TestReleaseSendsAgain(t *testing.T) {
	l, p, seen := openLocal(t), openPostgres(t), newLedger()
	execute(t, p, "ALTER TABLE record ADD CONSTRAINT mistake CHECK (session_id <> 7)")
	f := startForwarder(t, l, p, store.ForwarderOptions{Observer: seen})
	recs := storetest.Records(storetest.Day, 3)
	seq := appendAll(t, l, recs)
	var refused *store.RefusedError
	if err := f.Wait(within(t), seq); !errors.As(err, &refused) {
		t.Fatalf("Wait: %v, want a RefusedError", err)
	}
	execute(t, p, "ALTER TABLE record DROP CONSTRAINT mistake")
	if n, err := l.Release(t.Context()); n != 3 || err != nil {
		t.Fatalf("Release: %d, %v", n, err)
	}
	appendAll(t, l, storetest.Records(storetest.Day+1, 1)) // wakes it
	drain(t, f)
	wantExactly(t, p, storetest.Day, recs)
}

// TestCrashOfPostgres stops it without warning while records flow.
func TestCrashOfPostgres(t *testing.T) {
	c := pgtest.Start(t)
	l, p := openLocal(t), openPostgresAt(t, c.URL(), store.PostgresOptions{})
	seen := newLedger()
	f := startForwarder(t, l, p, store.ForwarderOptions{BatchRows: 50, BatchDelay: time.Millisecond, Observer: seen})
	recs := storetest.Records(storetest.Day, 1500)
	for round := range 3 {
		part := recs[round*500 : (round+1)*500]
		appendAll(t, l, part[:250])
		c.Stop(pgtest.Immediate)
		appendAll(t, l, part[250:]) // logins go on
		<-seen.failed
		eventually(t, func() error {
			if f.Healthy() {
				return errors.New("healthy without PostgreSQL")
			}
			return nil
		})
		c.Start()
		drain(t, f)
	}
	wantExactly(t, p, storetest.Day, recs)
	wantEmpty(t, l)
	eventually(t, f.LastError)
}

// TestFrozenPostgres: it hangs past the batch's patience, wherever the batch is, and goes
// on later with what it had received.
func TestFrozenPostgres(t *testing.T) {
	c := pgtest.Start(t)
	l, p := openLocal(t), openPostgresAt(t, c.URL(), store.PostgresOptions{BatchPatience: 300 * time.Millisecond})
	seen := newLedger()
	f := startForwarder(t, l, p, store.ForwarderOptions{BatchRows: 100, BatchDelay: time.Millisecond, Observer: seen})
	recs := storetest.Records(storetest.Day, 600)
	for round := range 2 {
		part := recs[round*300 : (round+1)*300]
		appendAll(t, l, part[:100])
		c.Freeze()
		appendAll(t, l, part[100:])
		<-seen.failed
		c.Thaw()
		drain(t, f)
	}
	wantExactly(t, p, storetest.Day, recs)
	wantEmpty(t, l)
	if seen.rows(store.ByUpsert) == 0 {
		t.Error("no batch was in doubt")
	}
}

func TestForwarderStartAndCloseAreIdempotent(t *testing.T) {
	l, p := openLocal(t), openPostgres(t)
	never := store.NewForwarder(l, p, store.ForwarderOptions{})
	never.Close()
	never.Start()
	never.Close()
	if err := never.Wait(within(t), 1); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Wait at a closed forwarder: %v, want ErrClosed", err)
	}
	f := store.NewForwarder(l, p, store.ForwarderOptions{})
	f.Start()
	f.Start()
	recs := storetest.Records(storetest.Day, 10)
	appendAll(t, l, recs)
	drain(t, f)
	f.Close()
	f.Close()
	wantExactly(t, p, storetest.Day, recs)
}

// TestNobodyWaitsForTheBatchDelay: it is for gathering, not for those who wait.
func TestNobodyWaitsForTheBatchDelay(t *testing.T) {
	l, p := openLocal(t), openPostgres(t)
	f := startForwarder(t, l, p, store.ForwarderOptions{BatchDelay: time.Hour})
	for range 3 {
		seq := appendAll(t, l, storetest.Records(storetest.Day, 1))
		if err := f.Wait(within(t), seq); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFullBatchIsNotDelayed: rows or time, whichever is first.
func TestFullBatchIsNotDelayed(t *testing.T) {
	l, p, seen := openLocal(t), openPostgres(t), newLedger()
	startForwarder(t, l, p, store.ForwarderOptions{BatchRows: 10, BatchDelay: time.Hour, Observer: seen})
	appendAll(t, l, storetest.Records(storetest.Day, 20)) // its first look may have taken up to 9 of them
	eventually(t, func() error {
		if n := seen.rows(store.ByCopy); n < 10 {
			return errors.New("the full batch is not sent")
		}
		return nil
	})
}

func TestPending(t *testing.T) {
	l := openLocal(t)
	f := store.NewForwarder(l, openPostgres(t), store.ForwarderOptions{})
	if rows, oldest, err := f.Pending(t.Context()); rows != 0 || !oldest.IsZero() || err != nil {
		t.Errorf("empty: %d, %v, %v", rows, oldest, err)
	}
	recs := storetest.Records(calendar.TradingDay(20260105), 3)
	for i := range recs {
		recs[i].LoginTime = recs[i].LoginTime.Add(time.Duration(i) * time.Minute)
	}
	appendAll(t, l, recs)
	if rows, oldest, err := f.Pending(t.Context()); rows != 3 || !oldest.Equal(recs[0].LoginTime) || err != nil {
		t.Errorf("%d, %v, %v, want 3 and %v", rows, oldest, err, recs[0].LoginTime)
	}
	f.Close()
}
