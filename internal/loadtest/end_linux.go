package loadtest

import (
	"errors"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// decided says that what was asked of a visit is known.
func (e *engine) decided(v *visit) {
	if v.state != staying {
		e.under--
	}
}

// end closes a visit's connection.
func (e *engine) end(v *visit) {
	e.hangUp(v)
	e.hangUpRelay(v)
	e.strings.drop(v.login)
	_ = unix.Close(int(v.fd))
	v.state = unused
	e.open--
	e.spare = append(e.spare, v.slot)
}

// comesAgain has a visit come again that is not logged in, if the plan says so, and ends it for now.
func (e *engine) comesAgain(v *visit, why string) bool {
	if e.plan.ComeAgain == 0 || v.kind != honest || v.state == staying || v.state == leaving {
		return false
	}
	c := comeAgain{due: v.due, account: int(v.account), login: v.login, tries: v.tries}
	if v.state == loggingIn {
		c.login = -1
	}
	if !e.later.add(c, e.now, e.plan.ComeAgain, e.random) {
		return false
	}
	if c.login >= 0 {
		v.login = -1 // the string is for the next time
	}
	e.measured.comesAgain(why)
	e.decided(v)
	e.end(v)
	return true
}

// fail counts a visit that broke off.
func (e *engine) fail(v *visit, why string) {
	if v.state == staying || v.state == leaving {
		e.measured.lost(why)
	} else {
		e.measured.failed(why)
	}
	if e.failure == "" {
		e.failure = why
	}
	e.decided(v)
	e.end(v)
}

// refused counts a refusal: an attacker's is as it must be.
func (e *engine) refused(v *visit, code int) {
	switch {
	case v.state == staying || v.state == leaving:
		e.measured.lost(v.during(byCode(code)))
	case v.kind.mustGet(code):
		e.measured.hostile(kindNames[v.kind])
	case v.kind != honest && code == codeSource:
		e.measured.hostile(shutOut)
	case v.kind != honest:
		e.measured.failed(kindNames[v.kind] + " " + result.GotCode + " " + strconv.Itoa(code))
	case slices.Contains(laterCodes, code) && e.comesAgain(v, byCode(code)):
		return
	default:
		e.measured.refused(strconv.Itoa(code))
		if e.failure == "" {
			e.failure = byCode(code)
		}
	}
	e.decided(v)
	e.end(v)
}

func byCode(code int) string { return result.ByCode + " " + strconv.Itoa(code) }

// closedByFront is the end of an attack, or of a visit that broke off.
func (e *engine) closedByFront(v *visit) {
	switch why := v.during(result.Closed); {
	case v.kind.mustBeClosed() && v.state == waiting:
		e.attackEnded(v, kindNames[v.kind])
	case v.kind != honest && (v.state == connecting || v.state == asking):
		e.attackEnded(v, shutOut)
	case !e.comesAgain(v, why):
		e.fail(v, why)
	}
}

// attackEnded counts an attack that got what it must get without an answer.
func (e *engine) attackEnded(v *visit, as string) {
	e.measured.hostile(as)
	e.decided(v)
	e.end(v)
}

// resets reports whether the front closed the connection before it read what was sent.
func resets(err error) bool { return errors.Is(err, unix.ECONNRESET) || errors.Is(err, unix.EPIPE) }

// laterCodes tell a terminal to come again later.
var laterCodes = []int{7, 8, codeLater}

// broken is for what is no answer to the visit's request.
func (e *engine) broken(v *visit, err error) {
	if refusal, is := errors.AsType[*client.Error](err); is {
		e.refused(v, refusal.Code)
		return
	}
	if exit, is := errors.AsType[*client.ForceExit](err); is {
		e.fail(v, v.during(result.ForceExit+" "+strconv.Itoa(int(exit.Code)-'0')))
		return
	}
	e.fail(v, v.during(result.NotOurProtocol))
}
