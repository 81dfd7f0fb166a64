package simulation

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// wire is one TCP connection: what internal/front makes of gnet's, and what is under way.
type wire struct {
	process  *process
	terminal *terminal
	peer     session.Peer
	dialogue dialogue.Dialogue

	toFront    []byte // sent by the terminal, not yet delivered
	arrived    []byte // delivered, less than a frame
	toTerminal []byte // written by the front, not yet read
	hungUp     bool   // the terminal is gone; the front does not know yet
	said       int    // bytes, ever
	strange    int    // unknown requests with the number 0 that no refusal answers yet
	delivered  int    // bytes, ever

	attempts []*attempt
	honest   bool // answered the last challenge with the authcode of an admitted AppID
	success  int  // logins that were answered with success

	// With a trading core.
	loginsOut atomic.Int32 // logins that have not come back
	verdicts  []int        // of cores, to logins
	response  int          // answers to a login with success that the terminal has read
	echoed    uint32       // the number of the last request that was answered
	flows     map[uint16]int32
	mu        sync.Mutex
	mail      dialogue.Mail

	// Of a relay.
	barred        bool // its listener or its address is not for it
	sendings      []*sending
	codes         map[string][]int       // of the answers, by SubmitID
	flags         map[*submission][]byte // of the records that were made
	visits        map[string]bool        // SubmitIDs that were answered with 0 and not ended
	ends          []terminalEnd          // not answered yet
	endedEarly    map[string]int         // submissions that were ended before their answer
	operatorLogin string                 // as the answer to the login has it
	overran       bool                   // it sent more than its window
	owed          atomic.Int32           // submissions that have not come back
	back          atomic.Int32           // of these: decided
}

func (c *wire) String() string { return fmt.Sprintf("wire %d.%d", c.process.number, c.peer.SessionID) }

// connect is OnOpen of internal/front.
func (p *process) connect(t *terminal, addr netip.AddrPort) {
	p.sessions++
	c := &wire{
		process: p, terminal: t, peer: session.Peer{SessionID: p.sessions, Addr: addr, Relays: t.relay != nil}, flows: make(map[uint16]int32),
		codes: make(map[string][]int), flags: make(map[*submission][]byte), visits: make(map[string]bool), endedEarly: make(map[string]int),
	}
	if p.w.hasRelays() && !p.w.healed && p.w.random.IntN(40) == 0 { // a listener that is not for it
		c.peer.Relays, c.barred = !c.peer.Relays, true
	}
	c.dialogue = p.driver.Begin(c, &p.scratch, c.peer, time.Now())
	p.wires = append(p.wires, c)
	p.mu.Lock()
	p.w.wires[wireKey{p.number, p.sessions}] = c
	p.mu.Unlock()
	t.open(c)
}

// deliver brings n bytes of the terminal's to the front: OnTraffic. The buffer is used again
// afterwards, as gnet's is.
func (c *wire) deliver(n int) {
	c.arrived = append(c.arrived, c.toFront[:n]...)
	c.toFront = c.toFront[n:]
	c.delivered += n
	for _, a := range c.attempts {
		if !a.delivered && c.delivered >= a.end {
			a.delivered, a.from = true, len(c.process.w.readings)
		}
	}
	for _, s := range c.sendings {
		if !s.delivered && c.delivered >= s.end {
			s.delivered, s.from, s.permission = true, len(c.process.w.readings), len(c.process.w.relays.permissions)-1
		}
	}
	shared := append([]byte(nil), c.arrived...)
	used := c.dialogue.Receive(shared, time.Now())
	c.arrived = append([]byte(nil), shared[used:]...)
	for i := range shared {
		shared[i] = 0xA5
	}
	if len(c.arrived) >= ftd.FrameHeaderLen+ftd.MaxExtLen+ftd.MaxBodyLen && c.dialogue.Closing() == reason.StayOpen && !c.dialogue.Paused() {
		c.process.w.violate("%v: %d bytes wait at the front, more than any frame", c, len(c.arrived))
	}
	c.closeIfOver()
}

// closeIfOver closes the connection at the front's side. What the kernel had not taken of
// the last answer is lost.
func (c *wire) closeIfOver() {
	if c.dialogue.Ended() || c.dialogue.Closing() == reason.StayOpen {
		return
	}
	if w := c.process.w; len(c.toTerminal) > 0 && w.random.IntN(4) == 0 {
		c.toTerminal = c.toTerminal[:w.random.IntN(len(c.toTerminal))]
	}
	c.end(reason.PeerClosed)
}

// takeNow gives the dialogue mail of the front's own.
func (c *wire) takeNow(mail dialogue.Mail) { c.dialogue.Take(mail, time.Now()) }

// end is OnClose.
func (c *wire) end(why reason.Close) {
	p := c.process
	for i := range p.wires {
		if p.wires[i] == c {
			p.wires = append(p.wires[:i:i], p.wires[i+1:]...)
			break
		}
	}
	c.dialogue.End(why)
	if c.terminal.wire == c && len(c.toTerminal) == 0 {
		c.terminal.wire = nil
	}
}

// cut is the end of the process as the terminal sees it.
func (c *wire) cut() {
	if c.terminal.wire == c {
		c.terminal.wire = nil
	}
}

// Unsent is part of dialogue.Line.
func (c *wire) Unsent() int { return len(c.toTerminal) }

// Write is part of dialogue.Line. It fails at times if the terminal is gone, as gnet's
// does, and then OnClose runs inside of it.
func (c *wire) Write(b []byte) {
	w := c.process.w
	if c.hungUp && w.random.IntN(2) == 0 {
		c.end(reason.PeerClosed)
		return
	}
	c.note(b)
	c.toTerminal = append(c.toTerminal, b...)
	if len(c.toTerminal) > w.plan.limits.Unsent {
		w.violate("%v: %d bytes unread, more than the bound", c, len(c.toTerminal))
	}
}

// Terminal is part of dialogue.Line.
func (c *wire) Terminal() core.Terminal {
	if !c.process.w.linked() {
		return nil
	}
	return c
}

// NextID counts on where the process is.
func (c *wire) NextID() int32 {
	p := c.process
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sessions++
	p.w.wires[wireKey{p.number, p.sessions}] = c
	return p.sessions
}

// Later is part of dialogue.Line.
func (c *wire) Later(f func(ended bool)) {
	if p := c.process; !p.later(c, f) {
		f(true)
	}
}

// later reports whether the loops have not ended.
func (p *process) later(c *wire, f func(ended bool)) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.finished = append(p.finished, finish{c, func() { f(false) }, c.loginsOut.Load() > 0})
	return true
}

// note reads what the front sends: from here on a success counts as answered.
func (c *wire) note(b []byte) {
	w := c.process.w
	for len(b) > 0 {
		frame, n, err := ftd.DecodeFrame(b, ftd.MaxBodyLen)
		if err != nil || n == 0 {
			w.violate("%v: the front says what is no frame: %v", c, err)
			return
		}
		b = b[n:]
		if frame.Type != ftd.FrameFTDC {
			w.trace.result("heartbeat")
			continue
		}
		m, err := ftd.DecodeMessage(frame.Body)
		if err != nil {
			w.violate("%v: the front says what is no message: %v", c, err)
			return
		}
		c.noteMessage(m)
	}
}

func (c *wire) noteMessage(m ftd.Message) {
	w := c.process.w
	code := codeOf(m)
	w.trace.result(fmt.Sprintf("%#x/%d", uint32(m.TID), code))
	raw, isLogin := m.Field(ftd.FIDLoginResponse)
	switch {
	case isLogin && code == 0:
		var r ftd.LoginResponse
		if err := r.Decode(raw); err != nil {
			w.violate("%v: a login response cannot be read: %v", c, err)
			return
		}
		id, err := uuid.ParseBytes(r.RecordID)
		if err != nil {
			w.violate("%v: RecordID %q", c, r.RecordID)
			return
		}
		if c.success++; c.success > 1 {
			w.violate("%v: two logins on one session were answered with success", c)
		}
		w.answer(c, id, &r)
		if c.terminal.isOperator() {
			c.operatorLogin = string(r.LoginTime)
		}
		if c.terminal.relay != nil {
			w.counts.relayedLogins++
		}
	case m.TID == ftd.TIDAuthenticate && code == 0 && !c.honest:
		w.violate("%v: authenticated, and did not answer its challenge with an admitted AppID's authcode", c)
	case m.TID == ftd.TIDAuthenticate && code == 0 && (c.barred || w.granted().disabled != "" && w.granted().disabled == c.terminal.app):
		w.violate("%v: authenticated, and may not come from %v, here or now", c, c.peer.Addr)
	}
	c.noteRelay(m, code)
	if m.TID == ftd.TIDUserLogin && code != 0 {
		w.counts.refused++
		c.checkRefusal(code)
	}
}

// codeOf is the error code of a message, -1 if it has none.
func codeOf(m ftd.Message) int {
	raw, ok := m.Field(ftd.FIDError)
	if !ok {
		return -1
	}
	var e ftd.Error
	if err := e.Decode(raw); err != nil {
		return -2
	}
	return e.Code
}
