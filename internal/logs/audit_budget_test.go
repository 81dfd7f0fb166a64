package logs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// suppressed is a line of EventSuppressed as a reader of the log sees it.
type suppressed struct {
	Event   string         `json:"event"`
	Reason  string         `json:"reason"`
	Source  string         `json:"source"`
	Since   time.Time      `json:"since"`
	Lines   int            `json:"lines"`
	Reasons map[string]int `json:"reasons"`
}

// told counts the lines of a log by event, and has those of EventSuppressed.
func told(t *testing.T, log []byte) (events map[string]int, out []suppressed) {
	t.Helper()
	events = make(map[string]int)
	for l := range bytes.Lines(log) {
		var s suppressed
		if err := json.Unmarshal(l, &s); err != nil {
			t.Fatalf("%q: %v", l, err)
		}
		events[s.Event+" "+s.Reason]++
		if s.Event == EventSuppressed {
			out = append(out, s)
		}
	}
	return events, out
}

func refusal(addr, reason string) Entry {
	return Entry{Event: EventAuthenticate, Reason: reason, Code: 63, Ref: "ABC234", Address: netip.MustParseAddr(addr), FrontID: 1}
}

// flooded is the log after the flood that filled a disk: ten accepted logins from one address,
// then 207,000 refusals from there in ten seconds, and logins among them.
func flooded(t *testing.T, change func(a *Audit)) (d *disk, seen *tally) {
	d, seen = &disk{room: -1}, new(tally)
	synctest.Test(t, func(t *testing.T) {
		a := newAudit("x", d, []AuditObserver{seen})
		change(a)
		accepted := full()
		for range 10 {
			a.Log(accepted)
		}
		for second := range 10 {
			for range 20_700 {
				a.Log(refusal("203.0.113.7", "unknown_app"))
			}
			a.Log(accepted)
			if second == 5 {
				if err := a.LogWritten(t.Context(), accepted); err != nil {
					t.Error(err)
				}
			}
			time.Sleep(time.Second)
		}
		time.Sleep(summaryPeriod + tendPeriod)
		a.Log(refusal("203.0.113.7", "unknown_app")) // the flood is over: the next refusal has its line
		if err := a.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	return d, seen
}

func TestFloodOfRefusalsIsBounded(t *testing.T) {
	d, seen := flooded(t, func(*Audit) {})
	events, out := told(t, d.content.Bytes())
	lines := events["authenticate unknown_app"]
	if lines < refusalBudget.Burst || lines > refusalBudget.Burst+10*refusalBudget.PerSecond+1 {
		t.Errorf("%d lines of 207,001 refusals", lines)
	}
	if events["login ok"] != 21 || seen.failed != 0 {
		t.Errorf("%d lines of 21 accepted logins; %d failed", events["login ok"], seen.failed)
	}
	if len(out) != 1 || out[0].Source != "203.0.113.7/32" || out[0].Reason != SuppressedSource ||
		out[0].Lines+lines != 207_001 || out[0].Reasons["unknown_app"] != out[0].Lines || out[0].Since.IsZero() {
		t.Errorf("%d lines, and %+v", lines, out)
	}
}

// Near its bound the rest of the disk is kept for the store: only accepted logins are written.
func TestRefusalsLeaveTheStoreItsRoom(t *testing.T) {
	const minFree = 256 << 20
	d, _ := flooded(t, func(a *Audit) {
		a.freeBytes = func() (int64, error) { return 2*minFree - 1, nil }
		a.SetLimits(AuditLimits{KeepFree: minFree})
		if !strings.Contains(a.Sparing(), "make room") {
			t.Errorf("%q", a.Sparing())
		}
	})
	events, out := told(t, d.content.Bytes())
	if len(events) != 2 || events["login ok"] != 21 || events["suppressed disk_reserve"] != len(out) || len(out) > 3 {
		t.Errorf("%v", events)
	}
}

// Lines are written again once there is room, not at the very bound, where that would flap.
func TestRefusalsComeBackWithRoom(t *testing.T) {
	d := &disk{room: -1}
	a := newAudit("x", d, nil)
	free := int64(1000)
	if _, known := a.DiskFree(); known {
		t.Error("room on the disk is known before a look")
	}
	a.freeBytes = func() (int64, error) { return free, nil }
	a.SetLimits(AuditLimits{KeepFree: 100})
	for i, f := range []int64{1000, 200, 199, 219, 221} {
		free = f
		a.lookAtDisk()
		if sparing, want := a.Sparing() != "", i == 2 || i == 3; sparing != want {
			t.Errorf("%d bytes free: sparing %v", f, sparing)
		}
		if found, known := a.DiskFree(); found != f || !known {
			t.Errorf("%d bytes free: %d, known %v", f, found, known)
		}
		a.Log(refusal("203.0.113.7", "unknown_app"))
	}
	if a.Suppressed() != 2 {
		t.Errorf("%d left out", a.Suppressed())
	}
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// An attacker with any number of sources has the budgets of their networks, and one line each.
func TestBudgetsOfNetworks(t *testing.T) {
	b, now := newBudget(), time.Now()
	written := make(map[int]int)
	const sources, each = 10_000, 20
	for range each {
		for i := range sources {
			e := refusal(fmt.Sprintf("2001:db8:%x:%x::1", i%3, i), "unknown_account")
			if b.allows(&e, now) {
				written[i%3]++
			}
		}
	}
	honest := refusal("2001:db8:77::1", "wrong_password")
	if !b.allows(&honest, now) {
		t.Error("another network pays for it")
	}
	for i, n := range written {
		if want := 16 * refusalBudget.Burst; n != want {
			t.Errorf("network %d: %d lines, want %d", i, n, want)
		}
	}
	lines := 0
	out := b.summaries(true, now)
	for _, e := range out {
		lines += e.Lines
	}
	if len(out) != 3 || out[0].Source.Bits() != 48 || out[0].Reason != SuppressedNetwork || lines != sources*each-3*16*refusalBudget.Burst {
		t.Errorf("%d lines in %d summaries, the first %+v", lines, len(out), out[0])
	}
}

// Sources beyond the bound are counted together, and memory does not grow.
func TestSummariesAreBounded(t *testing.T) {
	b, now := newBudget(), time.Now()
	e := refusal("192.0.2.1", "unknown_app")
	for i := range 3 * maxSummaries {
		b.count(&e, bound{netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 32), SuppressedSource}, now)
	}
	out := b.summaries(false, now.Add(summaryPeriod))
	lines := 0
	for _, e := range out {
		lines += e.Lines
	}
	if len(out) != maxSummaries+1 || lines != 3*maxSummaries || len(b.out) != 0 {
		t.Errorf("%d summaries of %d lines, %d left", len(out), lines, len(b.out))
	}
	for i := range 3 * budgetSources {
		e.Address = netip.AddrFrom4([4]byte{11, byte(i >> 16), byte(i >> 8), byte(i)})
		b.allows(&e, now)
	}
	if n := b.levels[refusalLine][0].Len(); n != budgetSources {
		t.Errorf("%d sources are remembered", n)
	}
}

// All sources together, and exempt networks, which have no other bound.
func TestBudgetOfTheFront(t *testing.T) {
	b, now := newBudget(), time.Now()
	b.exempt = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	written := 0
	for range frontBudget.Burst + 10 {
		if e := refusal("10.1.2.3", "unknown_app"); b.allows(&e, now) {
			written++
		}
	}
	out := b.summaries(true, now)
	if written != frontBudget.Burst || len(out) != 1 || out[0].Reason != SuppressedFront || out[0].Source.IsValid() || out[0].Lines != 10 {
		t.Errorf("%d lines, %+v", written, out)
	}
	// Admissions have a budget of their own: an attacker who guesses from an office's address does not hide its terminals.
	if e := (Entry{Event: EventAuthenticate, Reason: reasonOK, Address: netip.MustParseAddr("10.1.2.3")}); !b.allows(&e, now) {
		t.Error("an admission pays for refusals")
	}
}

// A line with a RecordID is never left out, at any answer.
func TestLinesThatAreKept(t *testing.T) {
	unconfirmed := full()
	unconfirmed.Reason, unconfirmed.Code = "store_unconfirmed", 8
	for _, c := range []struct {
		e    Entry
		want lineKind
	}{
		{full(), keptLine},
		{unconfirmed, keptLine},
		{Entry{Event: EventUnanswered, Reason: reasonOK}, keptLine},
		{Entry{Event: EventLogout, Reason: reasonOK}, keptLine},
		{Entry{Event: EventRelayEnded, Reason: "relay_network", Code: 63}, keptLine},
		{Entry{Event: EventSessionEnd, Reason: "ended_by_operator"}, keptLine},
		{Entry{Event: EventOperatorAction, Reason: "failed", By: "ops@host"}, keptLine},
		{Entry{Event: EventAuthenticate, Reason: reasonOK}, admissionLine},
		{Entry{Event: EventLogin, Reason: "wrong_password", Code: 3}, refusalLine},
		{Entry{Event: EventMalformed, Reason: "body_long"}, refusalLine},
		{Entry{Event: EventProxyHeader, Reason: "proxy_absent"}, refusalLine},
	} {
		if got := kindOf(&c.e); got != c.want {
			t.Errorf("%s %s is %d, want %d", c.e.Event, c.e.Reason, got, c.want)
		}
	}
}

// TestEndedSessionHasItsLine: the line of a session that an operator ended is written also where refusals from its terminal's address
// are over their budget, and where the disk is near its bound.
func TestEndedSessionHasItsLine(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	e := refusal("203.0.113.7", "ended_by_operator")
	e.Event, e.Account, e.By = EventSessionEnd, "88888888", "ops@host"
	b := newBudget()
	other := refusal("203.0.113.7", "wrong_password")
	for b.allows(&other, now) {
	}
	if !b.allows(&e, now) {
		t.Error("refusals from its address push it out")
	}
	if b.low = true; !b.allows(&e, now) || b.counted != 1 {
		t.Error("it is left out near the disk's bound")
	}
}

// What was left out is reported before a rotation and before the end, not a minute later.
func TestSummariesAtRotationAndEnd(t *testing.T) {
	d := &disk{room: -1}
	a := newAudit("", d, nil)
	flood := func() {
		for range refusalBudget.Burst + 50 {
			a.Log(refusal("203.0.113.7", "wrong_answer"))
		}
	}
	flood()
	a.summarise(true) // as Reopen does
	flood()
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, out := told(t, d.content.Bytes())
	if len(out) != 2 {
		t.Errorf("%+v", out)
	}
}

func TestEntrySuppressed(t *testing.T) {
	const want = `{"time":"2026-01-05T09:02:03.004+08:00","event":"suppressed","reason":"network_rate","code":0,` +
		`"front_id":1,"session_id":0,"source":"2001:db8::/48","since":"2026-01-05T09:01:03.004+08:00","lines":3,` +
		`"reasons":{"unknown_app":1,"wrong_password":2}}` + "\n"
	got := line(Entry{
		Time: full().Time, Event: EventSuppressed, Reason: SuppressedNetwork, FrontID: 1,
		Source: netip.MustParsePrefix("2001:db8::/48"), Since: full().Time.Add(-time.Minute), Lines: 3,
		Reasons: map[string]int{"wrong_password": 2, "unknown_app": 1},
	})
	if got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

// TestBalancerWithoutClientIsASource: lines of a load balancer that named no client come out of its own budget, not out of all that
// the front has.
func TestBalancerWithoutClientIsASource(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	b := newBudget()
	e := Entry{Event: EventProxyHeader, Reason: "proxy_absent", Proxy: netip.MustParseAddr("10.0.0.2")}
	written := 0
	for range 2 * refusalBudget.Burst {
		if b.allows(&e, now) {
			written++
		}
	}
	other := refusal("203.0.113.7", "unknown_app")
	lines := b.summaries(true, now)
	if written != refusalBudget.Burst || len(lines) != 1 || lines[0].Source.String() != "10.0.0.2/32" || lines[0].Lines != refusalBudget.Burst || !b.allows(&other, now) {
		t.Errorf("%d lines, then %+v", written, lines)
	}
}
