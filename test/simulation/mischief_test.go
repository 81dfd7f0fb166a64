package simulation

import (
	"fmt"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// misbehave sends something that an honest terminal would not send now.
func (t *terminal) misbehave() string {
	w := t.w
	switch t.phase {
	case fresh, asked, challenged:
		switch w.random.IntN(9) {
		case 0:
			return t.ask(disabledApp)
		case 1:
			return t.answer(disabledApp)
		case 2:
			return t.replay()
		case 3:
			return t.wrongAnswer()
		case 4:
			return t.enterWrongly()
		case 5:
			return t.ask(t.app)
		case 6:
			return t.ask("no_such_1")
		}
	case entering, inside:
		if t.phase == inside && w.takesBusiness() && w.random.IntN(3) == 0 {
			return t.tradeWrongly()
		}
		switch w.random.IntN(6) {
		case 0:
			return t.enterWrongly()
		case 1:
			return t.enter(t.newAttempt())
		case 2:
			return t.logOut("80000009")
		case 3:
			return t.logOut(t.account)
		case 4:
			return t.replay()
		}
	case answered, admitted:
		switch w.random.IntN(6) {
		case 0, 1:
			t.phase = entering
			return t.enterWrongly()
		case 2:
			return t.logOut(t.account)
		case 3:
			return t.replay()
		case 4:
			t.phase = entering
			return t.enterTwice()
		}
	}
	return t.noise()
}

// replay sends an answer that was right for another challenge.
func (t *terminal) replay() string {
	var result [ftd.ChallengeLen]byte
	for _, other := range t.w.terminals { // the first whose answer was intercepted
		if other.overheard != nil && other.app == t.app {
			result = *other.overheard
			break
		}
	}
	t.phase = answered
	return t.say("replays an answer", t.raw(terminaltest.Answer(identity(t.app), result)))
}

// raw is bytes that are no request of the machine.
func (t *terminal) raw(b []byte) []byte {
	t.strict = false
	return b
}

func (t *terminal) wrongAnswer() string {
	t.phase = answered
	var result [ftd.ChallengeLen]byte
	result[0] = byte(t.w.random.Uint32())
	return t.say("answers wrongly", t.raw(terminaltest.Answer(identity(t.app), result)))
}

// enterWrongly logs in with something that is not as it should be. Some of it is recorded
// all the same, with a flag; some must be refused.
func (t *terminal) enterWrongly() string {
	if t.relay != nil && t.w.random.IntN(2) == 0 {
		return t.enterWronglyVia()
	}
	a := t.newAttempt()
	switch t.w.random.IntN(10) {
	case 0:
		a.password, a.right = "guess", false
	case 1:
		a.account, a.right = "70000000", false
	case 2:
		a.account, a.right = "8000_001", false
	case 3:
		a.version = "9.9"
	case 4:
		a.ciphertext = nil
	case 5:
		a.ciphertext = a.ciphertext[:255]
	case 6:
		a.flag = pick(t.w.random, byte('1'), '3', '7', 'x')
	case 7:
		a.account, a.right = "80000002", false // another customer's, with our password
		if t.account == a.account {
			a.right = true
		}
	default: // what came before, of any terminal
		earlier := t.w.attempts[t.w.random.IntN(len(t.w.attempts))]
		a.repeats(&earlier.terminalInfo)
	}
	return t.enter(a)
}

func (t *terminal) enterTwice() string {
	return t.enter(t.newAttempt()) + " and " + t.enter(t.newAttempt())
}

// noise is bytes that are well-formed and mean nothing, or are not well-formed.
func (t *terminal) noise() string {
	w := t.w
	switch w.random.IntN(7) {
	case 0:
		return t.say("an unknown frame", []byte{9, 0, 0, 3, 1, 2, 3})
	case 1:
		return t.say("a compressed frame", []byte{2, 0, 0, 2, 1, 2})
	case 2:
		return t.say("an oversize header", t.raw([]byte{1, 0, 0xff, 0xff}))
	case 3:
		t.wire.strange++
		return t.say("an unknown request", t.raw(terminaltest.Message(0x7777)))
	case 4:
		b := make([]byte, 1+w.random.IntN(40))
		for i := range b {
			b[i] = byte(w.random.Uint32())
		}
		return t.say(fmt.Sprintf("%d bytes of noise", len(b)), t.raw(b))
	case 5:
		many := 1 + w.random.IntN(12)
		for range many {
			t.say("", t.raw(terminaltest.Logout(broker, "x")))
		}
		return fmt.Sprintf("%d requests at once", many)
	}
	return t.say("a heartbeat", ftd.AppendHeartbeat(nil))
}
