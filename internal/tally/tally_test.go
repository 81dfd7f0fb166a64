package tally

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
)

// clock is one that a test sets. Its trading day is its date.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newTally() (*Tally, *clock) {
	c := &clock{time.Date(2026, 1, 5, 8, 59, 30, 0, regulation.Zone)}
	return New(c.now, calendar.DayOf), c
}

func TestCountsAreOfOneTradingDay(t *testing.T) {
	t.Parallel()
	tally, clock := newTally()
	began := clock.at
	clock.at = clock.at.Add(time.Minute)
	tally.Authenticated("ok")
	tally.AppAuthenticated("app", "ok", true)
	tally.LoggedIn("ok")
	tally.AppLoggedIn("app", "ok", true)
	tally.Recorded("normal", false)
	tally.Recorded("terminal_info_empty", true)
	tally.LoggedIn("wrong_password")
	tally.AppLoggedIn("app", "wrong_password", true)
	tally.Submitted("relay", "ok")

	got, minutes := tally.Look()
	want := Day{
		Day: 20260105, Since: began, Authentications: Counts{"ok": 1}, Logins: Counts{"ok": 1, "wrong_password": 1},
		Flags: Counts{"normal": 1, "terminal_info_empty": 1}, Submitted: 1,
		Apps:   map[string]App{"app": {Counts{"ok": 1}, Counts{"ok": 1, "wrong_password": 1}}},
		Relays: map[string]Counts{"relay": {"ok": 1}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	last := minutes[len(minutes)-1]
	if len(minutes) != KeptMinutes || last.Recorded != 2 || last.Refused != 1 || !last.Start.Equal(clock.at.Truncate(time.Minute)) {
		t.Errorf("%d minutes, the last is %+v", len(minutes), last)
	}

	clock.at = clock.at.Add(24 * time.Hour)
	next, minutes := tally.Look()
	if diff := cmp.Diff(newDay(20260106, clock.at), next); diff != "" {
		t.Error(diff)
	}
	for _, m := range minutes {
		if m.Recorded+m.Refused > 0 {
			t.Errorf("%+v, of yesterday", m)
		}
	}
	if got.Logins["ok"]+got.Submitted != got.Flags.Sum() {
		t.Error("what was logged in and what relays submitted is not what was recorded")
	}
	if got.Logins.Sum() != 2 {
		t.Error("a look changed after it was taken")
	}
}

func TestNamesAreTheFirmsAndBounded(t *testing.T) {
	t.Parallel()
	tally, _ := newTally()
	tally.AppLoggedIn("made up", "unknown_app", false)
	for i := range 2 * MaxApps {
		tally.AppLoggedIn(fmt.Sprint("app", i), "ok", true)
		tally.Submitted(fmt.Sprint("relay", i), "ok")
	}
	tally.AppLoggedIn("app0", "ok", true)
	day, _ := tally.Look()
	if n, other := len(day.Apps), day.Apps[OtherApp].Logins; n > MaxApps || other["unknown_app"] != 1 || other["ok"] != 2*MaxApps-(MaxApps-1) {
		t.Errorf("%d AppIDs, other %v", n, other)
	}
	if day.Apps["app0"].Logins["ok"] != 2 {
		t.Error("an AppID that has counts lost them at the bound")
	}
	if n := len(day.Relays); n != MaxRelays+1 || day.Relays[OtherApp]["ok"] != MaxRelays {
		t.Errorf("%d relays, %v other", n, day.Relays[OtherApp])
	}
}

func TestMinutesAreARing(t *testing.T) {
	t.Parallel()
	tally, clock := newTally()
	for i := range 3 * KeptMinutes {
		for range i % 3 {
			tally.Recorded("normal", false)
		}
		clock.at = clock.at.Add(time.Minute)
	}
	_, minutes := tally.Look()
	for i, m := range minutes[:KeptMinutes-1] {
		if want := uint32((2*KeptMinutes + 1 + i) % 3); m.Recorded != want {
			t.Fatalf("minute %d has %d, want %d", i, m.Recorded, want)
		}
	}
	if last := minutes[KeptMinutes-1]; last.Recorded != 0 {
		t.Errorf("the minute that began has %d", last.Recorded)
	}
}

func TestTallyCountsEachEvent(t *testing.T) {
	t.Parallel()
	tally, _ := newTally()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				tally.LoggedIn("ok")
				tally.Recorded("normal", false)
				tally.AppLoggedIn("app", "ok", true)
				tally.Look()
			}
		})
	}
	all.Wait()
	day, _ := tally.Look()
	if day.Logins["ok"] != 8000 || day.Flags["normal"] != 8000 || day.Apps["app"].Logins["ok"] != 8000 {
		t.Error(day.Logins, day.Flags, day.Apps)
	}
}

func BenchmarkLogin(b *testing.B) {
	tally, _ := newTally()
	for b.Loop() {
		tally.LoggedIn("ok")
		tally.AppLoggedIn("client_demo_1.0", "ok", true)
		tally.Recorded("normal", false)
	}
}
