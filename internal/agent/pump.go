package agent

import (
	"bytes"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// pump passes messages between a terminal and its connection to a front; it is the terminal's core.Session. One
// goroutine reads; another writes, for as long as there is something to write.
type pump struct {
	agent  *Agent
	up     *upstream
	line   core.Terminal
	period time.Duration // of heartbeats, which the login asked for
	beat   *time.Timer
	bye    []byte // UserLogout, of this customer
	// passwordOnly: the front wants another password first. Once it is changed the terminal logs in again, on
	// another connection.
	passwordOnly bool

	mu      sync.Mutex
	queue   []byte
	writing int  // bytes that the writer has
	busy    bool // the writer runs
	closed  bool // by this side
	broken  bool // the front reads no more: read ends the terminal
}

// closePatience is how long the last bytes to a front may take.
const closePatience = 5 * time.Second

func (a *Agent) newPump(u *upstream, attempt *session.LoginAttempt) *pump {
	p := &pump{agent: a, up: u, line: attempt.Line, period: session.HeartbeatOf(0)}
	var req ftd.LoginRequest
	if req.Decode(attempt.Request) == nil {
		p.period = session.HeartbeatOf(req.HeartbeatSeconds)
	}
	e := ftd.Begin(nil, ftd.TIDUserLogout)
	e.LogoutRequest(&ftd.LogoutRequest{BrokerID: []byte(a.opt.BrokerID), UserID: bytes.Clone(attempt.UserID)})
	p.bye, _ = e.End() // both were in a UserLogin
	p.mu.Lock()
	defer p.mu.Unlock()
	p.beat = time.AfterFunc(p.period, p.heartbeat)
	return p
}

func (p *pump) heartbeat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.broken {
		return
	}
	if len(p.queue)+p.writing == 0 { // else something is on its way
		p.queue = ftd.AppendHeartbeat(p.queue)
		p.start()
	}
	p.beat.Reset(p.period)
}

// Wait is part of core.Session.
func (p *pump) Wait() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue)+p.writing >= p.agent.opt.QueueBytes
}

// Pass is part of core.Session. The session asked Wait before, so one message more than QueueBytes waits at most.
func (p *pump) Pass(_ ftd.Header, body []byte) reason.Reason {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.broken {
		return reason.UpstreamAway
	}
	frame, err := ftd.AppendFrame(p.queue, ftd.FrameFTDC, nil, body)
	if err != nil {
		return reason.UpstreamAway // the session has judged its length
	}
	p.queue = frame
	return reason.OK
}

// Refused is part of core.Session: the front behind answers what it gets, and no more.
func (p *pump) Refused(_ ftd.Header, why reason.Reason) reason.Reason { return why }

// Flush is part of core.Session.
func (p *pump) Flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.start()
}

// start lets the writer run; p.mu is held.
func (p *pump) start() {
	if !p.busy && len(p.queue) > 0 {
		p.busy = true
		p.agent.work.Go(p.write)
	}
}

// write sends what waits. A password may be among it: it is wiped. A front that takes nothing for as long as it may be silent is
// given up: it may send heartbeats all the same.
func (p *pump) write() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.queue) > 0 {
		out := p.queue
		p.queue, p.writing = nil, len(out)
		patience := session.SilenceFactor * p.period
		if p.closed {
			patience = closePatience
		}
		_ = p.up.conn.SetWriteDeadline(time.Now().Add(patience))
		p.mu.Unlock()
		_, err := p.up.conn.Write(out)
		clear(out)
		p.mu.Lock()
		p.writing = 0
		if err != nil {
			clear(p.queue)
			p.queue, p.broken = nil, true
			_ = p.up.conn.Close() // read then ends the terminal, unless this side has closed
		}
		p.beat.Reset(p.period)
	}
	p.busy = false
	if p.closed {
		p.beat.Stop()
		_ = p.up.conn.Close()
	}
}

// Close is part of core.Session.
func (p *pump) Close(why ftd.ReasonCode, _ string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	p.beat.Stop()
	_ = p.up.conn.SetWriteDeadline(time.Now().Add(closePatience))
	if why == ftd.ReasonLogout {
		p.queue = append(p.queue, p.bye...)
	}
	if p.start(); !p.busy {
		_ = p.up.conn.Close()
	}
}

// read passes what the front sends, until the connection ends. Any frame, a heartbeat too, says that the front is there.
func (p *pump) read() {
	p.up.relax() // after the answer to the login
	for {
		_ = p.up.conn.SetReadDeadline(time.Now().Add(session.SilenceFactor * p.period))
		f, err := p.up.frame()
		switch {
		case err != nil:
			p.ended(err)
			return
		case f.Type == ftd.FrameFTDC:
			if !p.pass(f.Body) {
				return
			}
		default: // a front sends a heartbeat where nothing else was to be sent
			p.up.relax()
		}
	}
}

// pass hands one message over, and reports whether the connection goes on.
func (p *pump) pass(body []byte) (goesOn bool) {
	h, err := ftd.DecodeHeader(body)
	switch {
	case err != nil:
		p.ended(err)
		return false
	case h.TID == ftd.TIDForceExit:
		p.forced(body)
		return false
	case h.TID == ftd.TIDUserLogout:
		return true
	}
	p.line.Deliver(body)
	if p.passwordOnly && (h.TID == ftd.TIDPasswordUpdate || h.TID == ftd.TIDError) && succeeded(body) {
		p.stop()
		return false
	}
	return true
}

// ended sends the terminal away, unless this side closed.
func (p *pump) ended(err error) {
	if p.stop() {
		return
	}
	text := lostText
	if errors.Is(err, os.ErrDeadlineExceeded) {
		text = "中继收不到前置的消息，请重新登录 relay hears nothing of its front, log in again"
	}
	exit(p.line, session.ExitCoreChanged, text, reason.UpstreamLost)
}

// forced passes the front's ForceExit on.
func (p *pump) forced(body []byte) {
	if p.stop() {
		return
	}
	m, err := ftd.DecodeMessage(body)
	raw, has := m.Field(ftd.FIDForceExit)
	if err != nil || !has {
		exit(p.line, session.ExitCoreChanged, lostText, reason.UpstreamLost)
		return
	}
	p.line.Exit(raw, reason.UpstreamLost)
}

// stop ends the connection, and reports whether this side had ended it before.
func (p *pump) stop() (before bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before, p.closed = p.closed, true
	p.beat.Stop()
	_ = p.up.conn.Close()
	return before
}

// succeeded reports whether the Error of a message is 0.
func succeeded(body []byte) bool {
	var status ftd.Error
	m, err := ftd.DecodeMessage(body)
	raw, has := m.Field(ftd.FIDError)
	return err == nil && has && status.Decode(raw) == nil && status.Code == 0
}
