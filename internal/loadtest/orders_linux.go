package loadtest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// An order is a business message of one field that says whose it is. The core must send it back as it came.
const (
	orderTID = 0x3001
	orderFID = 0x7001
	orderLen = 200 // bytes of the body
)

// codeNoCore is the answer to every business message at a front without a trading core.
const codeNoCore = 77

var (
	errNoCore = &holdError{
		errors.New("the front has no trading core (code 77): set core.driver to link, and give it a core that sends messages back (core-sim)"),
	}
	errNoSessions = &holdError{errors.New("no session is left that could send")}
)

// trade has all log in, and then sends orders at their rate for as long as the sessions are held.
func (e *engine) trade(ctx context.Context) error {
	e.measure(e.visitCount)
	if err := e.arrive(ctx); err != nil {
		return err
	}
	if err := e.together(ctx); err != nil {
		return err
	}
	e.now = time.Since(e.start)
	all := e.plan.requests()
	e.measured.requests(all)
	from, schedule := e.now, schedule{rate: e.plan.OrdersRate}
	sent, cursor := 0, 0
	defer func() { e.measured.r.Requests.ElapsedS = (e.now - from).Seconds() }()
	err := e.until(ctx, func() bool { return sent >= all && e.unanswered == 0 || e.open == 0 || e.lacking != nil }, func() (time.Duration, bool) {
		return from + schedule.due(e.plan.index(sent)), sent < all
	}, func(due time.Duration) error {
		sent++
		cursor = e.nextStaying(cursor)
		if cursor >= 0 {
			e.order(&e.visits[cursor], due)
		}
		return nil
	})
	if err == nil && e.lacking == nil && sent < all {
		return errNoSessions
	}
	return errors.Join(err, e.lacking)
}

// nextStaying is the visit after that one which is logged in, -1 if there is none.
func (e *engine) nextStaying(after int) int {
	for i := range e.visits {
		at := (after + 1 + i) % len(e.visits)
		if e.visits[at].state == staying {
			return at
		}
	}
	return -1
}

// order sends the next one of a session.
func (e *engine) order(v *visit, due time.Duration) {
	if v.dialog == nil {
		v.dialog = &dialog{}
	}
	number := v.dialog.next()
	frame, got, err := v.machine.AppendMessage(e.out[:0], &client.Outgoing{Body: e.orderBody(int(v.account), number)})
	if err != nil || got != number {
		e.fail(v, fmt.Sprintf(result.NotEncodedOrder+": %v", err))
		return
	}
	e.out = frame
	v.dialog.ask(due, e.now)
	e.unanswered++
	e.measured.sent(e.now - due)
	e.send(v)
}

// orderBody is the order of that number of an account; it is valid until the next one.
func (e *engine) orderBody(account int, number uint32) []byte {
	b := e.business[:]
	clear(b)
	b[0], b[5] = 2, ftd.ChainSingle
	binary.BigEndian.PutUint32(b[1:], orderTID)
	binary.BigEndian.PutUint32(b[8:], number)
	binary.BigEndian.PutUint16(b[12:], 1)
	binary.BigEndian.PutUint16(b[14:], orderLen-ftd.MessageHeaderLen)
	binary.BigEndian.PutUint32(b[16:], orderFID)
	binary.BigEndian.PutUint16(b[20:], orderLen-ftd.MessageHeaderLen-ftd.FieldHeaderLen)
	text := strconv.AppendInt(b[:ftd.MessageHeaderLen+ftd.FieldHeaderLen], int64(account), 10)
	text = append(text, ' ')
	strconv.AppendUint(text, uint64(number), 10)
	return b
}

// arrived takes what the core sent, or what the front says of a request to it.
func (e *engine) arrived(v *visit, event *client.Event) {
	m := event.Message()
	if v.dialog == nil || m.Series != 0 {
		return // a flow
	}
	number := m.Number
	_, of, isFronts := m.Target()
	if refusal := m.Err(); refusal != nil && refusal.Code == codeNoCore && (isFronts || number == 0) { // 0: of an older front
		e.refuseWithoutCore(v)
		return
	}
	if isFronts {
		number = of
	}
	o, f := v.dialog.answer(number)
	switch refusal := m.Err(); {
	case f == tooLate: // it is counted as lost
	case f == again:
		e.measured.r.Requests.Doubled++
	case f == unasked:
		e.measured.r.Requests.Wrong++
	case refusal != nil:
		e.unanswered--
		e.measured.requestRefused(refusal.Code)
	case !bytes.Equal(m.Body, e.orderBody(int(v.account), number)):
		e.unanswered--
		e.measured.r.Requests.Wrong++
	default:
		e.unanswered--
		e.measured.answered(e.now-o.due, e.now-o.sent)
	}
}

// refuseWithoutCore takes the answer of a front that has no trading core: it names no request, so it is that to the oldest.
func (e *engine) refuseWithoutCore(v *visit) {
	e.lacking = errNoCore
	if v.dialog.unanswered() > 0 {
		v.dialog.answer(v.dialog.answeredTo + 1) // which waits, since all before it are over
		e.unanswered--
		e.measured.requestRefused(codeNoCore)
	}
}

// giveUp counts orders that were not answered in time.
func (e *engine) giveUp(v *visit) {
	if v.dialog != nil {
		n := v.dialog.giveUp(e.now - e.plan.Patience)
		e.unanswered -= n
		e.measured.r.Requests.Lost += n
	}
}

// hangUp counts the orders that a session which ended has not had answered.
func (e *engine) hangUp(v *visit) {
	if v.dialog != nil {
		n := v.dialog.unanswered()
		e.unanswered -= n
		e.measured.r.Requests.Lost += n
	}
}
