package dialogue

import (
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// Paused reports whether a request is left unread: the core takes no more now, the session sent more
// than it may in a second, or the front holds for a hand-over. The owner gives the bytes to Receive again once MayGoOn says so,
// whether or not more have come.
func (d *Dialogue) Paused() bool { return d.paused }

// MayGoOn reports whether Receive would take the request that is left unread.
func (d *Dialogue) MayGoOn(now time.Time) bool { return !d.driver.holding.Load() && !d.mustWait(now) }

// Heard notes that the terminal sent bytes which Receive is not given now, since the dialogue is Paused: they are a sign of life.
func (d *Dialogue) Heard(now time.Time) { d.session.Heard(now) }

// pause leaves the rest of what was received unread.
func (d *Dialogue) pause(waited bool, unread int, now time.Time) {
	if !waited {
		d.unread = 0
		if !d.driver.holding.Load() {
			d.driver.observer.BusinessPaused()
		}
	}
	if unread > d.unread {
		d.session.Heard(now)
	}
	d.paused, d.unread = true, unread
}

// mustWait reports whether a request is to be left unread.
func (d *Dialogue) mustWait(now time.Time) bool {
	if d.core == nil {
		return false
	}
	return d.core.Wait() || !d.driver.limits.Load().RefuseRequests && d.overRate(now)
}

// overRate reports whether the session has sent as many requests as it may. A pause of a second gives the
// allowance of a whole second.
func (d *Dialogue) overRate(now time.Time) bool {
	perSecond := d.driver.limits.Load().RequestsPerSecond
	return perSecond > 0 && d.allowed.Sub(now) > time.Second-time.Second/time.Duration(perSecond)
}

// countRequest takes one off the allowance.
func (d *Dialogue) countRequest(now time.Time) {
	perSecond := d.driver.limits.Load().RequestsPerSecond
	if perSecond <= 0 {
		return
	}
	if d.allowed.Before(now) {
		d.allowed = now
	}
	d.allowed = d.allowed.Add(time.Second / time.Duration(perSecond))
}

// mayPass says why a request is refused that the core has not been asked about; OK if it is not.
func (d *Dialogue) mayPass(now time.Time) reason.Reason {
	if d.session.State() == session.PasswordOnly {
		if why := d.driver.handler.MayChangePassword(d.peer, d.session.AppID(), d.session.UserID()); why != reason.OK {
			return why
		}
	}
	if d.overRate(now) { // those that wait were left unread
		return reason.RequestRate
	}
	return reason.OK
}

// pass hands a request to the core. Without a core each is refused as one that the core does not know.
func (d *Dialogue) pass(h ftd.Header, body []byte, now time.Time) reason.Reason {
	if d.core == nil {
		return reason.UnknownRequest
	}
	if why := d.mayPass(now); why != reason.OK {
		return d.core.Refused(h, why)
	}
	d.countRequest(now)
	why := d.core.Pass(h, body)
	if why == reason.OK {
		d.passed++
	}
	return why
}

// refusal notes that the front answers a request itself.
func (d *Dialogue) refusal(why reason.Reason, appID, userID []byte) session.Outcome {
	d.driver.observer.BusinessRefused(why.String())
	return d.driver.handler.NotifyDecision(d.peer, session.OpRequest, why, "", appID, userID)
}

// flushCore writes what the core was handed.
func (d *Dialogue) flushCore() {
	if d.passed == 0 {
		return
	}
	d.driver.observer.BusinessPassed(d.passed)
	d.passed = 0
	d.core.Flush()
}

// closeCodes are what the core is told of the end of a session. An end that is not here is told as ReasonGone: the terminal has gone.
var closeCodes = map[reason.Close]ftd.ReasonCode{
	reason.LoggedOut:       ftd.ReasonLogout,
	reason.Kicked:          ftd.ReasonKicked,
	reason.EndedByOperator: ftd.ReasonKicked,
	reason.SourceBanned:    ftd.ReasonKicked,
	reason.FrontDraining:   ftd.ReasonDraining,
	reason.Malformed:       ftd.ReasonProtocol,
	reason.AuthFailed:      ftd.ReasonProtocol,
	reason.SourceRefused:   ftd.ReasonProtocol,
	reason.TooManyRefusals: ftd.ReasonProtocol,
	reason.RefusalFlood:    ftd.ReasonProtocol,
	reason.FrameFlood:      ftd.ReasonProtocol,
	reason.SlowReader:      ftd.ReasonSlowReader,
	reason.RelayFlood:      ftd.ReasonProtocol,
	reason.RelayRefusals:   ftd.ReasonProtocol,
	reason.RelayEnded:      ftd.ReasonKicked,
}

func closeCode(why reason.Close) ftd.ReasonCode {
	if code, known := closeCodes[why]; known {
		return code
	}
	return ftd.ReasonGone
}
