package link

import (
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/ftd"
)

func decoded(t testing.TB, frame []byte) *ftd.Message {
	f, _, err := ftd.DecodeFrame(frame, ftd.MaxBodyLen)
	if err != nil {
		t.Fatal(err)
	}
	m, err := ftd.DecodeMessage(f.Body)
	if err != nil {
		t.Fatal(err)
	}
	return &m
}

// TestAcceptances: each thing that a core may say of itself, right and wrong.
func TestAcceptances(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(a *ftd.LinkAccept)
		state  State
		fault  Fault
	}{
		{"active", func(*ftd.LinkAccept) {}, Active, NoFault},
		{"standby", func(a *ftd.LinkAccept) { a.State = ftd.CoreStandby }, Standby, NoFault},
		{"initialising", func(a *ftd.LinkAccept) { a.State = ftd.CoreInitialising }, Initialising, NoFault},
		{"another trading day", func(a *ftd.LinkAccept) { a.TradingDay = []byte("20261201") }, Standby, NoFault},
		{"initialising on another trading day", func(a *ftd.LinkAccept) { a.State, a.TradingDay = ftd.CoreInitialising, []byte("20261201") }, Initialising, NoFault},
		{"no credit", func(a *ftd.LinkAccept) { a.Credit = 0 }, Active, NoFault},
		{"term 0", func(a *ftd.LinkAccept) { a.Term = 0 }, Active, NoFault},
		{"negative term", func(a *ftd.LinkAccept) { a.Term = -1 }, Greeting, BadAccept},
		{"unknown state", func(a *ftd.LinkAccept) { a.State = 'X' }, Greeting, BadAccept},
		{"no instance", func(a *ftd.LinkAccept) { a.Instance = nil }, Greeting, BadAccept},
		{"instance is no UUID", func(a *ftd.LinkAccept) { a.Instance = []byte("core number one") }, Greeting, BadAccept},
		{"instance is a UUID of another form", func(a *ftd.LinkAccept) { a.Instance = []byte("11111111111141118111111111111111") }, Greeting, BadAccept},
		{"no core", func(a *ftd.LinkAccept) { a.CoreID = nil }, Greeting, BadAccept},
		{"no trading day", func(a *ftd.LinkAccept) { a.TradingDay = nil }, Greeting, BadAccept},
		{"a day that is none", func(a *ftd.LinkAccept) { a.TradingDay = []byte("20261131") }, Greeting, BadAccept},
		{"initialising without a day", func(a *ftd.LinkAccept) { a.State, a.TradingDay = ftd.CoreInitialising, nil }, Initialising, NoFault},
		{"standby with zeros for a day", func(a *ftd.LinkAccept) { a.State, a.TradingDay = ftd.CoreStandby, []byte("00000000") }, Standby, NoFault},
		{"credit below -1", func(a *ftd.LinkAccept) { a.Credit = -2 }, Greeting, BadCredit},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := accept(ftd.CoreActive, instanceA, 4)
			tt.change(&a)
			m := machine{state: Greeting}
			credit, p := m.loginAnswer(decoded(t, message(ftd.TIDLinkLogin, nil, func(e *ftd.Encoder) { e.LinkAccept(&a); e.Error(&ftd.Error{}) })), testDay)
			checkFault(t, p, tt.fault)
			if m.state != tt.state {
				t.Errorf("state is %v, want %v", m.state, tt.state)
			}
			if p == nil && credit != a.Credit {
				t.Errorf("credit is %d", credit)
			}
			if m.alarmed() != (p == nil && a.State == ftd.CoreActive && tt.state == Standby) {
				t.Errorf("alarmed is %v", m.alarmed())
			}
		})
	}
}

func checkFault(t testing.TB, p *problem, want Fault) {
	t.Helper()
	is := NoFault
	if p != nil {
		is = p.fault
	}
	if is != want {
		t.Errorf("fault is %v (%v), want %v", is, p, want)
	}
}

// TestEachMessageInEachState: which of a core's two messages about itself may come when.
func TestEachMessageInEachState(t *testing.T) {
	t.Parallel()
	a := accept(ftd.CoreActive, instanceA, 4)
	for state := Down; state <= Fenced; state++ {
		stands := state == Initialising || state == Standby || state == Active
		m := machine{state: state}
		_, p := m.loginAnswer(decoded(t, message(ftd.TIDLinkLogin, nil, func(e *ftd.Encoder) { e.LinkAccept(&a); e.Error(&ftd.Error{}) })), testDay)
		checkFault(t, p, map[bool]Fault{true: NoFault, false: Unexpected}[state == Greeting])
		m = machine{state: state}
		_, p = m.stateChange(decoded(t, message(ftd.TIDStateChange, nil, func(e *ftd.Encoder) { e.LinkAccept(&a) })), testDay)
		checkFault(t, p, map[bool]Fault{true: NoFault, false: Unexpected}[stands])
	}
}

// TestLoginAnswers: a refusal, and answers that lack something.
func TestLoginAnswers(t *testing.T) {
	t.Parallel()
	a := accept(ftd.CoreActive, instanceA, 4)
	for name, tt := range map[string]struct {
		fields func(e *ftd.Encoder)
		fault  Fault
	}{
		"refused":              {func(e *ftd.Encoder) { e.Error(&ftd.Error{Code: 7, Text: []byte("who are you")}) }, LoginRefused},
		"refused, with accept": {func(e *ftd.Encoder) { e.LinkAccept(&a); e.Error(&ftd.Error{Code: 7}) }, LoginRefused},
		"no accept":            {func(e *ftd.Encoder) { e.Error(&ftd.Error{}) }, Malformed},
		"no error":             {func(e *ftd.Encoder) { e.LinkAccept(&a) }, Malformed},
		"a short error":        {func(e *ftd.Encoder) { e.LinkAccept(&a); e.Raw(ftd.FIDError, []byte("0")) }, Malformed},
		"a short accept":       {func(e *ftd.Encoder) { e.Raw(ftd.FIDLinkAccept, []byte("core")); e.Error(&ftd.Error{}) }, BadAccept},
	} {
		m := machine{state: Greeting}
		_, p := m.loginAnswer(decoded(t, message(ftd.TIDLinkLogin, nil, tt.fields)), testDay)
		if checkFault(t, p, tt.fault); t.Failed() {
			t.Fatal(name)
		}
	}
}

// TestTick: when a heartbeat is due, and when a core is dead.
func TestTick(t *testing.T) {
	t.Parallel()
	at := time.Unix(1000, 0)
	ago := func(d time.Duration) time.Time { return at.Add(-d) }
	for name, tt := range map[string]struct {
		m           machine
		heard, sent time.Duration // ago
		send        bool
		again       time.Duration
		fault       Fault
	}{
		"down":                    {machine{state: Down}, 0, 0, false, 0, NoFault},
		"dialling":                {machine{state: Dialling}, 0, 0, false, 0, NoFault},
		"fenced":                  {machine{state: Fenced}, 0, 0, false, 0, NoFault},
		"greeting":                {machine{state: Greeting, greeted: ago(time.Second)}, 0, 0, false, greetTimeout - time.Second, NoFault},
		"greeting for too long":   {machine{state: Greeting, greeted: ago(greetTimeout)}, 0, 0, false, 0, GreetingTimeout},
		"nothing is due":          {machine{state: Active, heartbeat: 5 * time.Second}, 0, 2 * time.Second, false, 3 * time.Second, NoFault},
		"a heartbeat is due":      {machine{state: Standby, heartbeat: 5 * time.Second}, 0, 5 * time.Second, true, 5 * time.Second, NoFault},
		"the core is silent soon": {machine{state: Active, heartbeat: 5 * time.Second}, 14 * time.Second, 5 * time.Second, true, time.Second, NoFault},
		"the core is silent":      {machine{state: Initialising, heartbeat: 5 * time.Second}, 15 * time.Second, 0, false, 0, Silent},
	} {
		send, again, p := tt.m.tick(at, ago(tt.heard), ago(tt.sent))
		if send != tt.send || again != tt.again {
			t.Errorf("%s: send %v, again in %v", name, send, again)
		}
		if checkFault(t, p, tt.fault); t.Failed() {
			t.Fatal(name)
		}
	}
}

// TestTheDayComes: a core of the next trading day is used when the calendar has that day too.
func TestTheDayComes(t *testing.T) {
	t.Parallel()
	m := machine{state: Standby, core: acceptance{state: ftd.CoreActive, day: 20261201}}
	for _, tt := range []struct {
		today calendar.TradingDay
		state State
	}{{testDay, Standby}, {20261201, Active}, {0, Active}, {20261202, Standby}} {
		if m.compareDay(tt.today); m.state != tt.state {
			t.Errorf("on %v the state is %v", tt.today, m.state)
		}
	}
}

// TestChoose: the highest term of an active core counts, for as long as the front runs.
func TestChoose(t *testing.T) {
	t.Parallel()
	type at struct {
		state State
		term  int32
	}
	var c chooser
	inUse := -1
	for i, tt := range []struct {
		now    [3]at
		use    int
		fenced []int
	}{
		{[3]at{{Down, 0}, {Greeting, 0}, {Dialling, 0}}, -1, nil},
		{[3]at{{Standby, 9}, {Greeting, 0}, {Initialising, 12}}, -1, nil}, // their terms do not count
		{[3]at{{Standby, 9}, {Active, 3}, {Down, 0}}, 1, nil},
		{[3]at{{Active, 3}, {Active, 3}, {Down, 0}}, 1, nil}, // it stays
		{[3]at{{Active, 3}, {Standby, 3}, {Down, 0}}, 0, nil},
		{[3]at{{Active, 3}, {Active, 4}, {Active, 2}}, 1, []int{0, 2}},
		{[3]at{{Down, 0}, {Down, 4}, {Active, 3}}, -1, []int{2}}, // 4 was seen
		{[3]at{{Active, 5}, {Down, 0}, {Down, 0}}, 0, nil},
	} {
		var machines []*machine
		for _, a := range tt.now {
			machines = append(machines, &machine{state: a.state, core: acceptance{term: a.term}})
		}
		var fenced []int
		inUse, fenced = c.choose(machines, inUse)
		if inUse != tt.use || len(fenced) != len(tt.fenced) {
			t.Fatalf("%d: use %d, fenced %v", i, inUse, fenced)
		}
		for k, f := range fenced {
			if f != tt.fenced[k] || machines[f].state != Fenced {
				t.Errorf("%d: fenced %v", i, fenced)
			}
		}
	}
}

// TestWords: each value of a closed set has a word of its own.
func TestWords(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]struct {
		words []string
		count int
	}{
		"State": {StateWords(), int(Fenced) + 1}, "Fault": {FaultWords(), int(faultCount) - 1}, "Discard": {DiscardWords(), int(discardCount)},
		"FrameKind": {FrameKindWords(), int(frameKindCount)}, "Direction": {DirectionWords(), int(directionCount)},
		"ResumeResult": {ResumeResultWords(), int(resumeResultCount)}, "ExitCause": {ExitCauseWords(), int(exitCauseCount)},
	} {
		seen := map[string]bool{}
		for _, w := range set.words {
			if seen[w] || w == "" {
				t.Errorf("%s: word %q", name, w)
			}
			seen[w] = true
		}
		if len(set.words) != set.count {
			t.Errorf("%s has %d words for %d values", name, len(set.words), set.count)
		}
	}
	if LowerTerm.String() != "lower_term" || UnknownAudience.String() != "unknown_audience" || Fault(200).String() != "fault_200" {
		t.Error(LowerTerm, UnknownAudience, Fault(200))
	}
}
