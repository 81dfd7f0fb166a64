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

func newPresence(t *testing.T, l *journal.Journal, p *postgres.Store, opt heartbeat.Options) *heartbeat.Heartbeat {
	t.Helper()
	f := forward.New(l, p, forward.Options{})
	t.Cleanup(f.Close)
	presence, err := heartbeat.New(t.Context(), l, f, p, opt)
	if err != nil {
		t.Fatal(err)
	}
	return presence
}

func say(t *testing.T, p *heartbeat.Heartbeat) {
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

func TestPresenceSaysWhatIsHeld(t *testing.T) {
	l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
	recs := append(storetest.Records(storetest.Day, 3), storetest.Records(storetest.Day+1, 2)...)
	recs[1].Account = "a\x00b" // PostgreSQL refuses it
	f := forward.New(l, p, forward.Options{})
	now := time.UnixMicro(1_800_000_000_000_000)
	presence, err := heartbeat.New(t.Context(), l, f, p, heartbeat.Options{
		FrontID: 7, Host: "seven", Version: "v1", Corrupt: func() (int, error) { return 2, nil }, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	storetest.AppendAll(t, l, recs)
	say(t, presence)
	got := fronts(t, p, 1)[0]
	want := map[calendar.TradingDay]store.Held{storetest.Day: {Pending: 3}, storetest.Day + 1: {Pending: 2}}
	if diff := cmp.Diff(want, got.Held); diff != "" || got.Records() != 5 {
		t.Errorf("held (-want +got):\n%s", diff)
	}
	if got.FrontID != 7 || got.Host != "seven" || got.Version != "v1" || got.CorruptStores != 2 || got.Forwarded != 0 ||
		!got.Started.Equal(now) || !got.Counted.Equal(now) || !got.Oldest.Equal(recs[0].LoginTime) || got.Stopped || !got.Alive() {
		t.Errorf("%+v", got)
	}
	if time.Since(got.Seen).Abs() > storetest.Patience {
		t.Errorf("seen %v: that is not PostgreSQL's clock", got.Seen)
	}

	f.Start()
	storetest.Drain(t, f)
	storetest.WantEmpty(t, l)
	if err := presence.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	got = fronts(t, p, 1)[0]
	want = map[calendar.TradingDay]store.Held{storetest.Day: {Quarantined: 1}}
	if diff := cmp.Diff(want, got.Held); diff != "" || got.Forwarded != 4 || !got.Stopped || got.Alive() || !got.Oldest.IsZero() {
		t.Errorf("goodbye %+v, held (-want +got):\n%s", got, diff)
	}
	f.Close()
}

// TestPresenceBesideRecover: a recovery that ends while the front counts is seen on one side
// of its step at least.
func TestPresenceBesideRecover(t *testing.T) {
	l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
	aside := 1
	presence := newPresence(t, l, p, heartbeat.Options{FrontID: 1, Corrupt: func() (int, error) {
		if aside == 1 {
			storetest.AppendAll(t, l, storetest.Records(storetest.Day, 3)) // what recovery brings, and then its renaming
			aside = 0
		}
		return aside, nil
	}})
	say(t, presence)
	if got := fronts(t, p, 1)[0]; got.CorruptStores == 0 && got.Records() == 0 {
		t.Errorf("it holds nothing: %+v", got)
	}
}

// TestPresenceOfTwins: each hears of the other; a restart is no twin of the life before.
func TestPresenceOfTwins(t *testing.T) {
	p := storetest.OpenPostgres(t)
	path := filepath.Join(t.TempDir(), "local.db")
	here := storetest.OpenJournalAt(t, path, journal.Options{})
	before := newPresence(t, here, p, heartbeat.Options{FrontID: 1, Host: "here"})
	say(t, before)
	first := newPresence(t, here, p, heartbeat.Options{FrontID: 1, Host: "here"})
	for range 3 {
		say(t, first)
		if twin := first.Duplicate(); twin != nil {
			t.Fatalf("a restart has a twin: %+v", twin)
		}
	}
	say(t, newPresence(t, storetest.OpenJournal(t), p, heartbeat.Options{FrontID: 2, Host: "there"}))
	say(t, first)
	if twin := first.Duplicate(); twin != nil {
		t.Fatalf("front 2 is a twin of front 1: %+v", twin)
	}

	second := newPresence(t, storetest.OpenJournal(t), p, heartbeat.Options{FrontID: 1, Host: "there"})
	say(t, second)
	say(t, first)
	say(t, second)
	for presence, want := range map[*heartbeat.Heartbeat]string{first: "there", second: "here"} {
		if twin := presence.Duplicate(); twin == nil || twin.Host != want {
			t.Errorf("twin %+v, want the one at %s", twin, want)
		}
	}
	if err := second.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	say(t, first)
	if twin := first.Duplicate(); twin != nil {
		t.Errorf("a twin that said goodbye: %+v", twin)
	}

	copied := newPresence(t, here, p, heartbeat.Options{FrontID: 1, Host: "copy of the machine"})
	say(t, copied)
	say(t, first)
	if twin := first.Duplicate(); twin == nil || twin.Host != "copy of the machine" {
		t.Errorf("twin %+v, want the copy", twin)
	}
}

func TestRetireFront(t *testing.T) {
	l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
	presence := newPresence(t, l, p, heartbeat.Options{FrontID: 1})
	say(t, presence)
	stale := fronts(t, p, 1)[0]
	say(t, presence)
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
	say(t, presence) // it was not gone
	if got := fronts(t, p, 1)[0]; !got.Retired.IsZero() || !got.Alive() {
		t.Errorf("%+v, want it there again", got)
	}
}

// TestUnheard: what PostgreSQL refuses to hear while it takes records is told; its absence is not.
func TestUnheard(t *testing.T) {
	l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
	f := storetest.Forward(t, l, p, forward.Options{})
	presence, err := heartbeat.New(t.Context(), l, f, p, heartbeat.Options{FrontID: 1})
	if err != nil {
		t.Fatal(err)
	}
	storetest.Eventually(t, f.LastError)
	// As a role that lacks the right.
	storetest.Execute(t, p, `CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no'' USING ERRCODE = ''42501''; END';
		CREATE TRIGGER no BEFORE INSERT OR UPDATE ON front FOR EACH ROW EXECUTE FUNCTION no()`)
	for i := range 3 {
		if err := presence.Missing(); err != nil {
			t.Errorf("after %d failures: %v", i, err)
		}
		if err := presence.Report(t.Context()); err == nil {
			t.Fatal("it was heard")
		}
	}
	if err := presence.Missing(); err == nil {
		t.Error("three failures, and it counts as heard")
	}
	storetest.Execute(t, p, "DROP TRIGGER no ON front")
	say(t, presence)
	if err := presence.Missing(); err != nil {
		t.Error(err)
	}
}

// TestClockIsCompared: each report carries how far the front's clock is before PostgreSQL's.
func TestClockIsCompared(t *testing.T) {
	l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
	presence := newPresence(t, l, p, heartbeat.Options{FrontID: 1, Now: func() time.Time { return time.Now().Add(5 * time.Hour) }})
	say(t, presence)
	got := fronts(t, p, 1)[0]
	if off := got.ClockOffset - 5*time.Hour; off.Abs() > got.ClockError+time.Second || got.ClockDiffers() < 4*time.Hour {
		t.Errorf("offset %v, give or take %v", got.ClockOffset, got.ClockError)
	}
	if offset, differs := presence.Clock(); offset != got.ClockOffset || differs < 4*time.Hour {
		t.Errorf("the front knows %v, %v", offset, differs)
	}
}
