package dialogue

import (
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/session"
)

// The log at level debug has a line for each step of a connection and one for its whole life. Under load it is sampled: of lines with
// the same text the first debugFirst of a second, and then one of debugThereafter.
const (
	debugFirst      = 100
	debugThereafter = 100
)

// sampled is a log whose lines are sampled.
func sampled(log *zap.Logger) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return zapcore.NewSamplerWithOptions(core, time.Second, debugFirst, debugThereafter)
	}))
}

// life is when a connection came so far, in milliseconds since it was accepted; 0 if it did not. A connection keeps it for as long as it
// lives, therefore it is small.
type life struct{ introduced, challenged, authenticated, asked, loggedIn uint32 }

// since is how long after its acceptance the connection is at now, in milliseconds; 1 at least, since 0 says that it did not come so far.
func (d *Dialogue) since(now time.Time) uint32 {
	return uint32(max(1, now.Sub(d.began).Milliseconds()))
}

// stepped notes that the session came from a state into another.
func (d *Dialogue) stepped(was session.State, now time.Time) {
	state := d.session.State()
	switch state {
	case session.Challenged:
		d.life.challenged = d.since(now)
	case session.Authenticated:
		if d.life.authenticated == 0 { // a login that was refused comes back to it
			d.life.authenticated = d.since(now)
		}
	case session.LoggingIn:
		d.life.asked = d.since(now)
	case session.LoggedIn:
		d.life.loggedIn = d.since(now)
	}
	if line := d.driver.steps.Check(zap.DebugLevel, stepTexts[state]); line != nil {
		d.writeStep(line, now, zap.Stringer("from", was))
	}
}

// stepTexts are told apart by the sampling.
var stepTexts = [...]string{
	session.Connected:     "the challenge is spent",
	session.Challenged:    "a challenge was sent",
	session.Authenticated: "a session is authenticated, and not logged in",
	session.LoggingIn:     "a login is on its way",
	session.LoggedIn:      "a session is logged in",
	session.PasswordOnly:  "a session must change its password first",
	session.Closed:        "a session is over",
}

// accepted tells that the connection is there.
func (d *Dialogue) accepted() {
	if line := d.driver.steps.Check(zap.DebugLevel, "a connection was accepted"); line != nil {
		d.writeStep(line, d.began, zap.Bool("relays", d.peer.Relays))
	}
}

// introduced tells that the load balancer named the terminal.
func (d *Dialogue) introduced() {
	now := time.Now()
	d.life.introduced = d.since(now)
	if line := d.driver.steps.Check(zap.DebugLevel, "a PROXY header named the terminal"); line != nil {
		d.writeStep(line, now, zap.Stringer("proxy", logs.MaskedAddr(d.peer.Proxy)))
	}
}

func (d *Dialogue) writeStep(line *zapcore.CheckedEntry, now time.Time, more zap.Field) {
	line.Write(zap.Int32("session_id", d.peer.SessionID), zap.Stringer("address", logs.MaskedAddr(d.peer.Addr.Addr())),
		zap.Duration("after", now.Sub(d.began)), more)
}

// lived writes the debug line about the whole life of a connection that has ended.
func (d *Dialogue) lived() {
	line := d.driver.steps.Check(zap.DebugLevel, "a connection has ended")
	if line == nil {
		return
	}
	fields := []zap.Field{
		zap.Int32("session_id", d.peer.SessionID), zap.Stringer("address", logs.MaskedAddr(d.peer.Addr.Addr())),
		zap.Stringer("reason", d.closing), zap.Duration("lived", time.Since(d.began)),
		zap.Uint64("frames_received", d.frames.Received), zap.Uint64("frames_sent", d.frames.Sent),
	}
	if d.life.authenticated > 0 { // before that it may be any text
		fields = append(fields, zap.ByteString("app_id", d.session.AppID()))
	}
	if d.life.asked > 0 {
		fields = append(fields, zap.Stringer("account", logs.Masked(d.session.UserID())))
	}
	for _, at := range []struct {
		name string
		ms   uint32
	}{
		{"proxy_header_after", d.life.introduced},
		{"challenged_after", d.life.challenged},
		{"authenticated_after", d.life.authenticated},
		{"login_asked_after", d.life.asked},
		{"logged_in_after", d.life.loggedIn},
	} {
		if at.ms > 0 {
			fields = append(fields, zap.Duration(at.name, time.Duration(at.ms)*time.Millisecond))
		}
	}
	line.Write(fields...)
}
