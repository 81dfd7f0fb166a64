package loadtest

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/loadtest/result"
	"github.com/tradefront/tradefront/internal/regulation"
)

// submission is what an operator relay reports of one customer's terminal.
type submission struct {
	id             client.SubmitID
	account, login int32
	slot           int32         // of the connection that it went over last
	generation     int32         // of the visit there
	due, sent      time.Duration // sent is when it was sent first; 0 before
	terminal       client.RelayedTerminal
	round          uint32 // of the connection's pauses when it was sent last
	lost           bool   // given up: its answer is too late
}

// reporting is the part of the scenario relay in which operators report.
type reporting struct {
	waiting map[client.SubmitID]*submission // sent, and not answered
	again   []*submission                   // answered 90: to be sent again under the same SubmitID
	all     int
	made    int
	from    time.Duration
	cursor  int // of the connection that was used last
}

// report has the operators of relays log in, and submit the terminals of all customers, by the rate or as fast as windows allow.
func (e *engine) report(ctx context.Context) error {
	rate := e.plan.Rate
	e.plan.Rate = 0 // which is that of submissions
	e.measure(e.visitCount)
	err := e.arrive(ctx)
	e.plan.Rate = rate
	if err == nil {
		err = e.together(ctx)
	}
	if err != nil {
		return err
	}
	e.now = time.Since(e.start)
	r := &reporting{waiting: map[client.SubmitID]*submission{}, all: e.plan.requests(), from: e.now}
	e.reporting = r
	e.measured.requests(r.all)
	defer func() { e.measured.r.Requests.ElapsedS = (e.now - r.from).Seconds() }()
	err = e.until(ctx, func() bool { return r.made >= r.all && len(r.again) == 0 && e.unanswered == 0 || e.open == 0 }, e.nextSubmission, e.submitNext)
	if err == nil && r.made < r.all {
		return errNoSessions
	}
	return err
}

// nextSubmission is when the next one may go: it must be due, and a connection must have room.
func (e *engine) nextSubmission() (due time.Duration, some bool) {
	r := e.reporting
	if r.made >= r.all && len(r.again) == 0 {
		return 0, false
	}
	if len(r.again) == 0 && e.plan.Rate > 0 {
		if due = r.from + e.due(r.made); due > e.now {
			return due, true
		}
	}
	_, at := e.roomyLink()
	return at, at != never
}

// never is an instant that does not come.
const never = time.Duration(1<<63 - 1)

// roomyLink is the next connection over which a submission may go, and when.
func (e *engine) roomyLink() (slot int, at time.Duration) {
	slot, at = -1, never
	for i := range e.visits {
		next := (e.reporting.cursor + 1 + i) % len(e.visits)
		v := &e.visits[next]
		if v.state != staying || v.link == nil || len(v.unsent) > 0 {
			continue // where the socket is full its next event goes on
		}
		if free := v.link.free(e.now); free < at {
			slot, at = next, free
		}
		if at <= e.now {
			return slot, at
		}
	}
	return slot, at
}

// submitNext sends one that was answered 90 again, or else the next customer's.
func (e *engine) submitNext(at time.Duration) error {
	r := e.reporting
	slot, free := e.roomyLink()
	if slot < 0 || free > e.now {
		return nil
	}
	r.cursor = slot
	if len(r.again) > 0 {
		s := r.again[0]
		r.again = r.again[1:]
		e.submit(&e.visits[slot], s)
		return nil
	}
	due := at
	if e.plan.Rate > 0 {
		due = r.from + e.due(r.made)
	}
	account := (e.plan.First + e.plan.index(r.made)) % e.plan.People.Accounts
	login := e.strings.next()
	if login < 0 {
		return &lackError{r.made, errNoStrings}
	}
	s := &submission{id: client.NewSubmitID(time.Now()), account: int32(account), login: login, due: due, terminal: e.relayed(account, int(login))}
	r.made++
	e.unanswered++
	e.measured.sent(e.now - due)
	e.submit(&e.visits[slot], s)
	return nil
}

// relayed is what a relay saw of the terminal whose string is that of a login.
func (e *engine) relayed(account, login int) client.RelayedTerminal {
	return client.RelayedTerminal{
		AppID:      string(e.plan.People.AppOf(account).AppID),
		PublicAddr: netip.AddrPortFrom(netip.AddrFrom4(sourceOf(10, account)), uint16(1024+login%60000)),
		LoginTime:  time.Now().In(regulation.Zone).Truncate(time.Second), Type: byte(e.plan.kindOf(login)),
	}
}

func (e *engine) submit(v *visit, s *submission) {
	again := s.sent > 0
	frame, err := v.machine.AppendSubmit(e.out[:0], s.id, again, &client.Submission{
		UserID: string(e.plan.People.Account(int(s.account))), Terminal: s.terminal,
		KeyVersion: e.plan.KeyVersion, AbnormalFlag: '0', Ciphertext: e.strings.at(s.login),
	})
	if err != nil {
		e.lose(s)
		e.fail(v, result.NotEncodedSubmission+": "+err.Error())
		return
	}
	if !again {
		s.sent = max(e.now, 1)
	}
	s.slot, s.generation, s.round = v.slot, v.generation, v.link.round
	v.link.sent(e.now)
	e.reporting.waiting[s.id] = s
	e.out = frame
	e.send(v)
}

// submitted takes the answer to a submission, or its refusal.
func (e *engine) submitted(v *visit, event *client.Event) {
	id, _ := event.SubmitID()
	if e.reporting == nil || v.link == nil {
		e.fail(v, v.during(result.NotOurProtocol))
		return
	}
	s := e.reporting.waiting[id]
	if s == nil || s.slot != v.slot || s.generation != v.generation {
		e.measured.r.Requests.Doubled++
		return
	}
	delete(e.reporting.waiting, id)
	v.link.unanswered--
	switch {
	case s.lost:
	case event.Kind == client.Submitted:
		v.link.accepted()
		e.recorded(s, event.Receipt())
	case event.Refusal.Code == codeLater:
		v.link.refused(s.round, e.now, e.random)
		e.measured.r.Requests.Again++
		e.reporting.again = append(e.reporting.again, s)
	default:
		e.unanswered--
		e.measured.requestRefused(event.Refusal.Code)
	}
}

// codeLater says that the same submission must be sent again, later.
const codeLater = 90

// recorded is the answer 0.
func (e *engine) recorded(s *submission, receipt client.Receipt) {
	e.unanswered--
	if account := string(e.plan.People.Account(int(s.account))); receipt.UserID != account || receipt.UserType != byte(regulation.UserOperator) {
		e.measured.r.Requests.Wrong++
		return
	}
	e.measured.answered(e.now-s.due, e.now-s.sent)
	if e.hooks.Answered != nil {
		e.hooks.Answered(&Answer{
			RecordID: receipt.RecordID, TradingDay: receipt.TradingDay, LoginTime: s.terminal.LoginTime, Account: receipt.UserID,
			AppID: s.terminal.AppID, Address: s.terminal.PublicAddr, Flag: string(rune(receipt.AbnormalFlag)), Ciphertext: e.strings.at(s.login),
		})
	}
}

// lose counts a submission that has no answer in time.
func (e *engine) lose(s *submission) {
	if !s.lost {
		s.lost = true
		e.unanswered--
		e.measured.r.Requests.Lost++
	}
}

// giveUpSubmissions counts those whose first sending is too long ago.
func (e *engine) giveUpSubmissions() {
	if e.reporting == nil || e.unanswered == 0 {
		return
	}
	before := e.now - e.plan.Patience
	for _, s := range e.reporting.waiting {
		if s.sent < before {
			e.lose(s)
		}
	}
	left := e.reporting.again[:0]
	for _, s := range e.reporting.again {
		if s.sent < before {
			e.lose(s)
		} else {
			left = append(left, s)
		}
	}
	e.reporting.again = left
	e.endStuck()
}

// endStuck ends the connections whose whole window was given up: nothing can go over them until the front answers, which the run cannot wait for.
func (e *engine) endStuck() {
	lost := map[int32]int{}
	for _, s := range e.reporting.waiting {
		if s.lost && e.visits[s.slot].generation == s.generation {
			lost[s.slot]++
		}
	}
	for slot, n := range lost {
		if v := &e.visits[slot]; v.state == staying && n >= v.link.window {
			e.fail(v, v.during(result.NoAnswer))
		}
	}
}

// hangUpRelay counts the submissions that a connection which ended has not had answered.
func (e *engine) hangUpRelay(v *visit) {
	if v.link == nil || e.reporting == nil {
		return
	}
	for id, s := range e.reporting.waiting {
		if s.slot == v.slot && s.generation == v.generation {
			delete(e.reporting.waiting, id)
			e.lose(s)
		}
	}
}

// mayReport takes what the front lets the relay do.
func (v *visit) mayReport(terms client.RelayTerms) error {
	if terms.Window < 1 || terms.Rate < 1 || terms.Burst < 1 {
		return errors.New(result.NoRelayTerms)
	}
	v.link = newRelayLink(terms)
	return nil
}
