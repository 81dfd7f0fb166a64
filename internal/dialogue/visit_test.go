package dialogue

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// ledger is a core's session that notes what it is told, and how many bytes its relay had got by then.
type ledger struct {
	crowded bool
	waits   bool
	passes  reason.Reason // of a business message
	relay   *office
	told    []string
	first   core.Visit
}

func (c *ledger) Wait() bool { return c.waits }

func (c *ledger) Pass(ftd.Header, []byte) reason.Reason { return c.passes }

func (*ledger) Refused(_ ftd.Header, why reason.Reason) reason.Reason { return why }

func (*ledger) Flush() {}

func (c *ledger) Close(why ftd.ReasonCode, _ string) { c.note("close %c", why) }

func (c *ledger) OpenVisit(v *core.Visit) {
	if c.first.SubmitID == uuid.Nil {
		c.first = *v
	}
	c.note("open %v", v.SubmitID)
}

func (c *ledger) Crowded() bool { return c.crowded }

func (c *ledger) CloseVisit(id uuid.UUID) { c.note("end %v", id) }

func (c *ledger) note(format string, args ...any) {
	c.told = append(c.told, fmt.Sprintf(format, args...)+fmt.Sprintf(" after %d bytes", c.relay.written.Len()))
}

func endOf(n int) []byte {
	return terminaltest.Message(ftd.TIDTerminalEnd, func(e *ftd.Encoder) {
		e.SubmitRef(&ftd.SubmitRef{SubmitID: fmt.Appendf(nil, "019b7c1e-5c00-7d4e-8a3b-%012d", n)})
	})
}

// TestTheCoreKnowsWhoseTerminalsAreReported: of each that was recorded before the relay is answered, of none that was
// refused, and of the end of one.
func TestTheCoreKnowsWhoseTerminalsAreReported(t *testing.T) {
	c := new(ledger)
	o, d := reportingTo(t, relayLimits, c)
	c.relay = o
	decide := func(n int, outcome session.Outcome) {
		d.Receive(submission(n), time.Now())
		(<-o.jobs).decide <- outcome
		(<-o.ends)()
	}
	decide(1, recorded)
	o.written.Reset()
	decide(2, session.Outcome{Reason: reason.OutOfScope, Ref: noRef})
	o.written.Reset()
	decide(3, recorded)
	o.written.Reset()
	d.Receive(endOf(1), time.Now())
	o.written.Reset()
	d.End(reason.PeerClosed)
	id := "019b7c1e-5c00-7d4e-8a3b-00000000000"
	want := []string{
		"open " + id + "1 after 0 bytes", "open " + id + "3 after 0 bytes", "end " + id + "1 after 0 bytes", "close 2 after 0 bytes",
	}
	if !slices.Equal(c.told, want) {
		t.Errorf("told %q", c.told)
	}
	v, r := c.first, recorded.Submitted
	if string(v.BrokerID) != "9999" || v.Account != r.Account || v.UserType != r.UserType || v.RecordID != r.RecordID ||
		v.TradingDay != r.TradingDay || v.Flag != r.Flag || len(v.Terminal) != 94 {
		t.Errorf("told of %+v", v)
	}
}

// TestTheCoreIsNotToldBehindTheEnd: a submission that was decided after the connection ended opens nothing.
func TestTheCoreIsNotToldBehindTheEnd(t *testing.T) {
	c := new(ledger)
	o, d := reportingTo(t, relayLimits, c)
	c.relay = o
	d.Receive(submission(1), time.Now())
	d.End(reason.PeerClosed)
	(<-o.jobs).decide <- recorded
	(<-o.ends)()
	if len(c.told) != 1 || o.unanswered.Load() != 1 {
		t.Errorf("told %q, %d unanswered", c.told, o.unanswered.Load())
	}
}

// TestATerminalThatWentBeforeTheAnswer: TerminalEnd of a submission that is on its way leaves no visit, neither at the core
// nor at the front.
func TestATerminalThatWentBeforeTheAnswer(t *testing.T) {
	c := new(ledger)
	o, d := reportingTo(t, relayLimits, c)
	c.relay = o
	d.Receive(submission(1), time.Now())
	d.Receive(endOf(1), time.Now())
	(<-o.jobs).decide <- recorded
	(<-o.ends)()
	for _, told := range c.told {
		if strings.HasPrefix(told, "open") {
			t.Errorf("told %q", c.told)
		}
	}
	if id := "8 019b7c1e-5c00-7d4e-8a3b-000000000001"; !slices.Equal(o.gone, []string{id}) {
		t.Errorf("ended at the front: %q, want it once, behind the record", o.gone)
	}
}

// TestASubmissionTwiceOnItsWay: TerminalEnd between both ends what was sent before it, and not what is sent behind it.
func TestASubmissionTwiceOnItsWay(t *testing.T) {
	for _, both := range []bool{true, false} {
		c := new(ledger)
		o, d := reportingTo(t, relayLimits, c)
		c.relay = o
		d.Receive(submission(1), time.Now())
		first := <-o.jobs
		if both {
			d.Receive(submission(1), time.Now())
			d.Receive(endOf(1), time.Now())
		} else {
			d.Receive(endOf(1), time.Now())
			d.Receive(submission(1), time.Now())
		}
		second := <-o.jobs
		for _, job := range []struct{ decide chan<- session.Outcome }{{first.decide}, {second.decide}} {
			job.decide <- recorded
			(<-o.ends)()
		}
		opened := 0
		for _, told := range c.told {
			if strings.HasPrefix(told, "open") {
				opened++
			}
		}
		if want := map[bool]int{true: 0, false: 1}[both]; opened != want {
			t.Errorf("both before the end: %v; %d visits at the core, want %d: %q", both, opened, want, c.told)
		}
		if len(d.submits.asked) != 0 {
			t.Errorf("still on their way: %v", d.submits.asked)
		}
	}
}

// TestACoreThatReadsSlowly: submissions are refused, before the queue of what the core must be told is full; those on their way
// are told of.
func TestACoreThatReadsSlowly(t *testing.T) {
	c := new(ledger)
	o, d := reportingTo(t, relayLimits, c)
	c.relay = o
	d.Receive(submission(1), time.Now())
	c.crowded = true
	d.Receive(submission(2), time.Now())
	if got := o.answers(t); !slices.Equal(codes(got), []int{90}) || d.driver.LoginsInFlight() != 1 {
		t.Errorf("answered %v, %d left the loop", codes(got), d.driver.LoginsInFlight())
	}
	(<-o.jobs).decide <- recorded
	(<-o.ends)()
	if len(c.told) != 1 {
		t.Errorf("told %q", c.told)
	}
	c.crowded = false
	d.Receive(submission(2), time.Now())
	if n := d.driver.LoginsInFlight(); n != 1 {
		t.Errorf("%d left the loop", n)
	}
	(<-o.jobs).decide <- recorded
	(<-o.ends)()
}

// TestSubmissionsPassBusiness: an order that the core does not take is refused at once, and what is behind it goes on.
func TestSubmissionsPassBusiness(t *testing.T) {
	c := &ledger{waits: true, passes: reason.CoreNoCredit}
	o, d := reportingTo(t, relayLimits, c)
	c.relay = o
	wire := slices.Concat(request(1), submission(1), request(2), submission(2))
	if used := d.Receive(wire, time.Now()); used != len(wire) || d.Paused() || d.driver.LoginsInFlight() != 2 {
		t.Errorf("took %d of %d bytes, paused %v, %d submissions left the loop", used, len(wire), d.Paused(), d.driver.LoginsInFlight())
	}
	if got := o.answers(t); !slices.Equal(codes(got), []int{90, 90}) {
		t.Errorf("answered %v", codes(got))
	}
	for range 2 {
		(<-o.jobs).decide <- recorded
		(<-o.ends)()
	}
}
