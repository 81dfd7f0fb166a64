package simulation

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/regulation"
)

// fault is something that is wrong with what a relay says: row is the number on docs/protocol.md of what a front looks at, field is what it sets.
type fault struct {
	row, code int
	field     string
	apply     func(w *world, s *submission)
}

// submissionFaults are of TerminalSubmit alone.
var submissionFaults = []fault{
	{8, 2, "broker", func(_ *world, s *submission) { s.broker = "8888" }},
	{9, 15, "id", func(_ *world, s *submission) { s.submitID = s.submitID[:14] + "4" + s.submitID[15:] }},
	{9, 15, "id", func(_ *world, s *submission) { s.submitID = strings.ToUpper(s.submitID[:35]) + "A" }},
	{9, 15, "id", func(_ *world, s *submission) { s.submitID = "simulated" }},
	{10, 15, "account", func(_ *world, s *submission) { s.account = "8000_001" }},
	{14, 9, "account", func(_ *world, s *submission) { s.account = outOfScope }},
	{14, 9, "account", func(_ *world, s *submission) { s.account = "no0" }},
}

// toldFaults are of what a relay tells of a terminal, in either mode.
var toldFaults = []fault{
	{10, 15, "login", func(_ *world, s *submission) { s.told.login = s.told.login[:10] }},
	{10, 15, "login", func(_ *world, s *submission) { s.told.login = s.told.login[11:] }},
	{10, 15, "kind", func(_ *world, s *submission) { s.told.kind = '8' }},
	{12, 49, "port", func(_ *world, s *submission) { s.told.port = 0 }},
	{12, 49, "ip", func(w *world, s *submission) {
		s.told.ip = pick(w.random, "0.0.0.0", "::", "::ffff:0.0.0.0", "fe80::1%eth0", "203.0.113", "")
	}},
	{13, 63, "app", func(w *world, s *submission) {
		s.told.app = pick(w.random, disabledApp, otherApp, investorApp, "no_such_1")
	}},
}

// timeFaults may be none once the clock is stepped; whether they are the readings of the clock say.
var timeFaults = []func(w *world, s *submission){
	func(w *world, s *submission) { s.draws(w, -time.Hour) },
	func(w *world, s *submission) { s.draws(w, 20*time.Minute) },
	func(_ *world, s *submission) { s.told.moves(20 * time.Minute) },
	func(_ *world, s *submission) { s.told.moves(-3 * time.Hour) },
}

func (s *submission) draws(w *world, by time.Duration) {
	s.drawn = s.drawn.Add(by)
	s.submitID = w.newSubmitID(s.drawn)
}

func (t *told) moves(by time.Duration) {
	t.login = t.at().Add(by).In(regulation.Zone).Format(time.DateTime)
}

// misreport sends what an honest relay does not send. Some of it is recorded all the same; some must be refused.
func (t *terminal) misreport() string {
	w := t.w
	s := t.draw(pick(w.random, "80000001", "80000002", "80000003"), w.newTold())
	switch w.random.IntN(10) {
	case 0, 1, 2:
		t.spoil(s)
	case 3:
		pick(w.random, timeFaults...)(w, s)
	case 4: // the terminal information is not as it should be
		s.misinform(w)
	case 5: // what came before, on any visit
		s.repeats(pick(w.random, w.infos...))
	case 6:
		if w.random.IntN(2) == 0 { // an old SubmitID with other content
			other := pick(w.random, w.relays.submissions...)
			s.submitID, s.drawn = other.submitID, other.drawn
			s.row, s.code = idFault(other)
			break
		}
		if s = t.anAnsweredOne(); s == nil {
			return t.endTerminal(w.newSubmitID(w.relayClock()))
		}
		return "answered already: " + t.submit(s)
	case 7:
		what := t.submit(s)
		return "twice: " + what + ", " + t.submit(s)
	case 8:
		return t.overrun(s)
	default:
		if w.random.IntN(2) == 0 {
			s.account = unknownOne
			if !w.linked() { // a trading core cannot be asked
				s.row, s.code = 14, 9
			}
			break
		}
		return t.endTerminal(pick(w.random, w.relays.submissions...).submitID)
	}
	s.visit = s.visitOf()
	return "not as it should be: " + t.submit(s)
}

// idFault is what is wrong with an old SubmitID as such.
func idFault(s *submission) (row, code int) {
	id, err := uuid.Parse(s.submitID)
	if err != nil || id.Version() != 7 || id.String() != s.submitID {
		return 9, 15
	}
	return 0, 0
}

// anAnsweredOne was answered with 0, on any connection.
func (t *terminal) anAnsweredOne() *submission {
	var answered []*submission
	for _, s := range t.w.relays.submissions {
		if s.reported {
			answered = append(answered, s)
		}
	}
	if answered == nil {
		return nil
	}
	return pick(t.w.random, answered...)
}

// spoil makes one thing wrong, or two: then the first counts.
func (t *terminal) spoil(s *submission) {
	w := t.w
	set := ""
	for range 1 + w.random.IntN(2) {
		f := pick(w.random, append(append([]fault{}, submissionFaults...), toldFaults...)...)
		if f.field == set {
			continue // the second would undo the first
		}
		f.apply(w, s)
		set = f.field
		if s.row == 0 || f.row < s.row {
			s.row, s.code = f.row, f.code
		}
	}
}

// misinform makes terminal information that is recorded with a flag.
func (i *terminalInfo) misinform(w *world) {
	switch w.random.IntN(4) {
	case 0:
		i.version = "9.9"
	case 1:
		i.ciphertext = nil
	case 2:
		i.ciphertext = i.ciphertext[:255]
	case 3:
		i.flag = pick(w.random, byte('1'), '3', '7', 'x')
	}
}

// overrun sends more than the window, at once.
func (t *terminal) overrun(first *submission) string {
	n := t.relay.window + 1 + t.w.random.IntN(4*t.relay.window)
	t.submit(first)
	for range n {
		t.submit(t.draw("80000001", t.w.newTold()))
	}
	t.wire.overran = true
	return fmt.Sprintf("%d submissions at once", n+1)
}

// enterWronglyVia logs in as a relay with something that is not as it should be.
func (t *terminal) enterWronglyVia() string {
	w, a := t.w, t.newAttempt()
	switch {
	case t.isOperator() && w.random.IntN(2) == 0:
		a.account, a.right, a.code = otherOperator, false, 9
		a.password = passwordOf + a.account
	case t.isOperator():
		seen := w.newTold()
		a.via, a.right, a.code = &seen, false, 27
	case w.random.IntN(4) == 0:
		a.via, a.app, a.right, a.code = nil, t.app, false, 27
	case w.random.IntN(3) == 0: // the visit before, once more
		if earlier := t.earlierVisit(); earlier != nil {
			a.via, a.app, a.account, a.password, a.visit = earlier.via, earlier.app, earlier.account, earlier.password, earlier.visit
			a.right = earlier.right
			a.code = earlier.code
			a.repeats(&earlier.terminalInfo)
		}
	default:
		s := submission{told: *a.via}
		f := pick(w.random, toldFaults...)
		f.apply(w, &s)
		a.via, a.right, a.code = &s.told, false, f.code
		a.visit = visitOf(a.account, t.app, a.via)
	}
	return t.enter(a)
}

// earlierVisit is a login through the relay that was as it should be.
func (t *terminal) earlierVisit() *attempt {
	for _, a := range t.w.attempts {
		if a.via != nil && a.code == 0 && a.right && a.wire.terminal.isInvestor() && t.w.random.IntN(2) == 0 {
			return a
		}
	}
	return nil
}
