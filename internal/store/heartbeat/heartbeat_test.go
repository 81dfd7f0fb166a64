package heartbeat_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/heartbeat"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

func newHeartbeat(t *testing.T, l *journal.Journal, p *postgres.Store, opt heartbeat.Options) *heartbeat.Heartbeat {
	t.Helper()
	f := forward.New(l, p, forward.Options{})
	t.Cleanup(f.Close)
	beat, err := heartbeat.New(t.Context(), l, f, p, opt)
	if err != nil {
		t.Fatal(err)
	}
	return beat
}

func report(t *testing.T, p *heartbeat.Heartbeat) {
	t.Helper()
	if err := p.Report(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func fronts(t *testing.T, p *postgres.Store, want int) []store.Front {
	t.Helper()
	all, err := p.Fronts(t.Context())
	if err != nil || len(all) != want {
		t.Fatalf("%d fronts, error %v, want %d: %+v", len(all), err, want, all)
	}
	return all
}

func TestReportStatesWhatIsHeld(t *testing.T) {
	t.Parallel()
	l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
	recs := append(storetest.Records(storetest.Day, 3), storetest.Records(storetest.Day+1, 2)...)
	recs[1].Account = "a\x00b" // PostgreSQL refuses it
	f := forward.New(l, p, forward.Options{})
	now := time.UnixMicro(1_800_000_000_000_000)
	beat, err := heartbeat.New(t.Context(), l, f, p, heartbeat.Options{
		FrontID: 7, Host: "seven", Version: "v1", Admin: "seven:9464", Config: func() string { return "c0ffee" }, Corrupt: func() (int, error) { return 2, nil }, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	storetest.AppendAll(t, l, recs)
	report(t, beat)
	got := fronts(t, p, 1)[0]
	want := map[calendar.TradingDay]store.Held{storetest.Day: {Pending: 3}, storetest.Day + 1: {Pending: 2}}
	if diff := cmp.Diff(want, got.Held); diff != "" || got.Records() != 5 {
		t.Errorf("held (-want +got):\n%s", diff)
	}
	if got.FrontID != 7 || got.Host != "seven" || got.Version != "v1" || got.AdminAddress != "seven:9464" || got.Config != "c0ffee" || got.CorruptStores != 2 || got.Forwarded != 0 ||
		!got.Started.Equal(now) || !got.Counted.Equal(now) || !got.Oldest.Equal(recs[0].LoginTime) || got.Stopped || !got.Alive() {
		t.Errorf("%+v", got)
	}
	if time.Since(got.Seen).Abs() > storetest.Patience {
		t.Errorf("seen %v: that is not PostgreSQL's clock", got.Seen)
	}

	f.Start()
	storetest.Drain(t, f)
	storetest.WantEmpty(t, l)
	if err := beat.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	got = fronts(t, p, 1)[0]
	want = map[calendar.TradingDay]store.Held{storetest.Day: {Quarantined: 1}}
	if diff := cmp.Diff(want, got.Held); diff != "" || got.Forwarded != 4 || !got.Stopped || got.Alive() || !got.Oldest.IsZero() {
		t.Errorf("stop %+v, held (-want +got):\n%s", got, diff)
	}
	f.Close()
}

// TestUnreadableRow: a row that another program wrote hides no other front, and is not taken for one that holds nothing. The front's next
// report writes it anew.
func TestUnreadableRow(t *testing.T) {
	t.Parallel()
	l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
	storetest.AppendAll(t, l, storetest.Records(storetest.Day, 3))
	odd, other := newHeartbeat(t, l, p, heartbeat.Options{FrontID: 1}), newHeartbeat(t, storetest.OpenJournal(t), p, heartbeat.Options{FrontID: 2})
	report(t, other)
	for _, held := range []string{"", "[]", "{", `{"2026":{"pending":1}}`, `{"20260105":{"pending":-3}}`, `{"20260105":{"pending":3,"quarantined":-3}}`} {
		report(t, odd)
		storetest.Execute(t, p, "UPDATE front SET held = '"+held+"' WHERE front_id = 1")
		if all := fronts(t, p, 2); !all[0].Unreadable || all[0].Records() != 0 || all[1].Unreadable {
			t.Errorf("%q: %+v", held, all)
		}
	}
	report(t, odd)
	if all := fronts(t, p, 2); all[0].Unreadable || all[0].Records() != 3 {
		t.Errorf("after the next report: %+v", all[0])
	}
}

// TestReportBesideRecover: a recovery that ends while the front counts is seen on one side
// of its step at least.
func TestReportBesideRecover(t *testing.T) {
	t.Parallel()
	l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
	corrupt := 1
	beat := newHeartbeat(t, l, p, heartbeat.Options{FrontID: 1, Corrupt: func() (int, error) {
		if corrupt == 1 {
			storetest.AppendAll(t, l, storetest.Records(storetest.Day, 3)) // what recovery brings, and then its renaming
			corrupt = 0
		}
		return corrupt, nil
	}})
	report(t, beat)
	if got := fronts(t, p, 1)[0]; got.CorruptStores == 0 && got.Records() == 0 {
		t.Errorf("it holds nothing: %+v", got)
	}
}

// TestDuplicates: each front finds the other; a restart is no duplicate of the life before.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	p := storetest.OpenPostgres(t)
	path := filepath.Join(t.TempDir(), "local.db")
	here := storetest.OpenJournalAt(t, path, journal.Options{})
	before := newHeartbeat(t, here, p, heartbeat.Options{FrontID: 1, Host: "here"})
	report(t, before)
	first := newHeartbeat(t, here, p, heartbeat.Options{FrontID: 1, Host: "here"})
	for range 3 {
		report(t, first)
		if duplicate := first.Duplicate(); duplicate != nil {
			t.Fatalf("a restart has a duplicate: %+v", duplicate)
		}
	}
	report(t, newHeartbeat(t, storetest.OpenJournal(t), p, heartbeat.Options{FrontID: 2, Host: "there"}))
	report(t, first)
	if duplicate := first.Duplicate(); duplicate != nil {
		t.Fatalf("front 2 is a duplicate of front 1: %+v", duplicate)
	}

	second := newHeartbeat(t, storetest.OpenJournal(t), p, heartbeat.Options{FrontID: 1, Host: "there"})
	report(t, second)
	report(t, first)
	report(t, second)
	for beat, want := range map[*heartbeat.Heartbeat]string{first: "there", second: "here"} {
		if duplicate := beat.Duplicate(); duplicate == nil || duplicate.Host != want {
			t.Errorf("duplicate %+v, want the one at %s", duplicate, want)
		}
	}
	if err := second.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	report(t, first)
	if duplicate := first.Duplicate(); duplicate != nil {
		t.Errorf("a duplicate that stopped: %+v", duplicate)
	}

	copied := newHeartbeat(t, here, p, heartbeat.Options{FrontID: 1, Host: "copy of the machine"})
	report(t, copied)
	report(t, first)
	if duplicate := first.Duplicate(); duplicate == nil || duplicate.Host != "copy of the machine" {
		t.Errorf("duplicate %+v, want the copy", duplicate)
	}
}

func TestRetireFront(t *testing.T) {
	t.Parallel()
	l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
	beat := newHeartbeat(t, l, p, heartbeat.Options{FrontID: 1})
	report(t, beat)
	stale := fronts(t, p, 1)[0]
	report(t, beat)
	if err := p.RetireFront(t.Context(), &stale); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("retired although it spoke since: %v", err)
	}
	latest := fronts(t, p, 1)[0]
	if err := p.RetireFront(t.Context(), &latest); err != nil {
		t.Fatal(err)
	}
	if got := fronts(t, p, 1)[0]; got.Retired.IsZero() || got.Alive() {
		t.Errorf("%+v, want it retired", got)
	}
	report(t, beat) // it was not gone
	if got := fronts(t, p, 1)[0]; !got.Retired.IsZero() || !got.Alive() {
		t.Errorf("%+v, want it there again", got)
	}
}

// TestMissing: what PostgreSQL refuses to hear while it takes records is told; its absence is not.
func TestMissing(t *testing.T) {
	t.Parallel()
	l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
	f := storetest.Forward(t, l, p, forward.Options{})
	beat, err := heartbeat.New(t.Context(), l, f, p, heartbeat.Options{FrontID: 1})
	if err != nil {
		t.Fatal(err)
	}
	storetest.Eventually(t, f.LastError)
	// As a role that lacks the right.
	storetest.Execute(t, p, `CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no'' USING ERRCODE = ''42501''; END';
		CREATE TRIGGER no BEFORE INSERT OR UPDATE ON front FOR EACH ROW EXECUTE FUNCTION no()`)
	for i := range 3 {
		if err := beat.Missing(); err != nil {
			t.Errorf("after %d failures: %v", i, err)
		}
		if err := beat.Report(t.Context()); err == nil {
			t.Fatal("the report was taken")
		}
	}
	if err := beat.Missing(); err == nil {
		t.Error("three failures, and it does not count as missing")
	}
	storetest.Execute(t, p, "DROP TRIGGER no ON front")
	report(t, beat)
	if err := beat.Missing(); err != nil {
		t.Error(err)
	}
}

// TestClockIsCompared: each report carries how far the front's clock is ahead of PostgreSQL's.
func TestClockIsCompared(t *testing.T) {
	t.Parallel()
	l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
	beat := newHeartbeat(t, l, p, heartbeat.Options{FrontID: 1, Now: func() time.Time { return time.Now().Add(5 * time.Hour) }})
	report(t, beat)
	got := fronts(t, p, 1)[0]
	if off := got.ClockOffset - 5*time.Hour; off.Abs() > got.ClockError+time.Second || got.ClockDiffers() < 4*time.Hour {
		t.Errorf("offset %v, give or take %v", got.ClockOffset, got.ClockError)
	}
	if offset, differs := beat.Clock(); offset != got.ClockOffset || differs < 4*time.Hour {
		t.Errorf("the front knows %v, %v", offset, differs)
	}
}
