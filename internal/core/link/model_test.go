package link

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// modelCore is what one of two cores is, and what it knows.
type modelCore struct {
	fake     *fakeCore
	conn     *coreConn // nil: not connected
	state    ftd.CoreState
	term     int32
	instance string
	sessions map[int32]bool // that are open here
}

// modelSession is what a session should be.
type modelSession struct {
	id       int32
	session  core.Session
	terminal *fakeTerminal
	at       *modelCore // where it is open; nil while it waits
	last     *coreConn  // of the core where it was open, while it waits
	closed   bool
	number   uint32
	asked    []uint32 // requests without an answer
	told     int      // messages delivered
	refused  []uint32
}

// model drives a Link and two cores by random steps, and says what must follow from them.
type model struct {
	t        *rapid.T
	link     *Link
	cores    []*modelCore
	use      *modelCore
	term     int32 // the highest of an active core
	sessions []*modelSession
	next     int32
}

// TestModel: after any steps the link uses the right core, each business message is at that core once and in order, each
// answer at its terminal, and what was not answered is refused when another core takes over.
func TestModel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(inBubbleTB{t}, func(rt *rapid.T) {
			fakes := []*fakeCore{newFakeCore(t), newFakeCore(t)}
			o := testOptions(t, fakes...)
			o.Logger, o.Grace = nil, time.Hour
			m := &model{t: rt, link: New(o)}
			for i, f := range fakes {
				f.setDown(true)
				m.cores = append(m.cores, &modelCore{fake: f, instance: fmt.Sprintf("%08d-0000-4000-8000-000000000000", i)})
			}
			m.link.Start()
			defer func() {
				stopLink(t, m.link)
				synctest.Wait()
			}()
			rt.Repeat(map[string]func(*rapid.T){
				"connect": m.connect, "cut": m.cut, "restate": m.restate, "login": m.login, "pass": m.pass,
				"answer": m.answer, "stray": m.stray, "close": m.close, "": m.check,
			})
		})
	})
}

func (m *model) core(t *rapid.T) *modelCore { return m.cores[rapid.IntRange(0, 1).Draw(t, "core")] }

func (m *model) session(t *rapid.T) *modelSession {
	if len(m.sessions) == 0 {
		t.Skip("no session")
	}
	return m.sessions[rapid.IntRange(0, len(m.sessions)-1).Draw(t, "session")]
}

// draw makes a core say something of itself.
func (c *modelCore) draw(t *rapid.T, highest int32) ftd.LinkAccept {
	c.state = rapid.SampledFrom([]ftd.CoreState{'A', 'A', 'A', 'S', 'I'}).Draw(t, "state")
	c.term = max(0, highest+rapid.Int32Range(-1, 2).Draw(t, "term"))
	return accept(c.state, c.instance, c.term)
}

func (m *model) connect(t *rapid.T) {
	c := m.core(t)
	if c.conn != nil {
		t.Skip("connected")
	}
	c.fake.setDown(false)
	for c.conn == nil {
		m.sleep(longestBackoff)
		select {
		case c.conn = <-c.fake.conns:
		default:
		}
	}
	c.fake.setDown(true)
	restarted := rapid.Bool().Draw(t, "restarted")
	if restarted {
		c.instance = fmt.Sprintf("%08d-0000-4000-8000-000000000000", rapid.Uint32Range(10, 99_999_999).Draw(t, "instance"))
	}
	c.sessions = map[int32]bool{}
	c.conn.greet(c.draw(t, m.term))
	m.settle()
}

// inBubbleTB has no Deadline, which a bubble does not allow.
type inBubbleTB struct{ testing.TB }

// sleep lets time pass, with heartbeats of the cores.
func (m *model) sleep(d time.Duration) {
	for _, c := range m.cores {
		if c.conn != nil {
			c.conn.send(ftd.AppendHeartbeat(nil))
		}
	}
	time.Sleep(d)
	synctest.Wait()
}

func (m *model) cut(t *rapid.T) {
	c := m.core(t)
	if c.conn == nil {
		t.Skip("not connected")
	}
	c.conn.Close()
	c.conn = nil
	m.settle()
}

func (m *model) restate(t *rapid.T) {
	c := m.core(t)
	if c.conn == nil {
		t.Skip("not connected")
	}
	was, wasTerm := c.state, c.term
	c.conn.send(stateChange(c.draw(t, m.term)))
	if m.use == c && (c.state != was || c.term != wasTerm) {
		m.lose()
	}
	m.settle()
}

// lose takes all sessions from the core in use.
func (m *model) lose() {
	for _, s := range m.sessions {
		if s.at != nil {
			s.last = s.at.conn
		}
		s.at = nil
	}
	m.use.sessions = map[int32]bool{}
	m.use = nil
}

// settle follows the rule of choice, and resumes at a new core what waits.
func (m *model) settle() {
	synctest.Wait()
	for _, c := range m.cores {
		if c.conn != nil && c.state == ftd.CoreActive {
			m.term = max(m.term, c.term)
		}
	}
	for _, c := range m.cores {
		if c.conn != nil && c.state == ftd.CoreActive && c.term < m.term {
			<-c.conn.over // fenced
			c.conn = nil
		}
	}
	active := func(c *modelCore) bool { return c.conn != nil && c.state == ftd.CoreActive }
	if m.use != nil && !active(m.use) {
		m.lose()
	}
	for _, c := range m.cores {
		if m.use == nil && active(c) {
			m.use = c
		}
	}
	if m.use != nil {
		m.resume()
	}
}

// resume answers SessionResume for each session that waits; the core takes them all.
func (m *model) resume() {
	waits := 0
	for _, s := range m.sessions {
		if s.at == nil && !s.closed {
			waits++
		}
	}
	for range waits {
		g := m.use.conn.next(ftd.TIDSessionResume)
		for _, s := range m.sessions {
			if s.id != g.tag.SessionID {
				continue
			}
			if s.at != nil || s.closed {
				m.t.Fatalf("session %d is resumed and does not wait", s.id)
			}
			m.use.conn.send(resumeOK(s.id, 0))
			s.at = m.use
			m.use.sessions[s.id] = true
			s.refused, s.asked = append(s.refused, s.asked...), nil
		}
	}
	synctest.Wait()
}

func (m *model) login(t *rapid.T) {
	m.next++
	s := &modelSession{id: m.next, terminal: newTerminal()}
	if m.use == nil {
		_, err := m.link.Verify(m.link.ctx, attempt(m.cores[0].fake.t, s.id, s.terminal))
		if refused, ok := errors.AsType[*core.Refused](err); !ok || refused.Reason != reason.CoreAway && refused.Reason != reason.CoreInitialising {
			t.Fatalf("without a core: %v", err)
		}
		return
	}
	s.session = openSession(m.cores[0].fake.t, m.link, m.use.conn, s.id, s.terminal)
	s.at = m.use
	m.use.sessions[s.id] = true
	m.sessions = append(m.sessions, s)
}

func (m *model) pass(t *rapid.T) {
	s := m.session(t)
	s.number++
	h, body := numbered(s.number, rapid.IntRange(4, 60).Draw(t, "size"))
	r := s.session.Pass(h, body)
	s.session.Flush()
	if s.at == nil || s.closed {
		if r != reason.CoreAway && r != reason.CoreInitialising {
			t.Fatalf("session %d without a core: %v", s.id, r)
		}
		return
	}
	if r != reason.OK {
		t.Fatalf("session %d: %v", s.id, r)
	}
	if g := s.at.conn.next(3); g.tag.SessionID != s.id || !bytes.Equal(g.body, body) {
		t.Fatalf("session %d: the core got another message", s.id)
	}
	s.asked = append(s.asked, s.number)
	if len(s.asked) > 0 {
		s.asked = slices.DeleteFunc(s.asked, func(n uint32) bool { return s.number-n >= maxWindow })
	}
}

func (m *model) answer(t *rapid.T) {
	s := m.session(t)
	if s.at == nil || s.closed || len(s.asked) == 0 {
		t.Skip("no question")
	}
	i := rapid.IntRange(0, len(s.asked)-1).Draw(t, "which")
	_, body := numbered(s.asked[i], 10)
	s.asked = slices.Delete(s.asked, i, i+1)
	s.at.conn.send(toSession(s.id, body))
	s.told++
	synctest.Wait()
	if got := s.terminal.bodies(); len(got) != s.told || !bytes.Equal(got[len(got)-1], body) {
		t.Fatalf("session %d: delivered %d messages, want %d", s.id, len(got), s.told)
	}
}

// stray sends to a session from a core where it is not open.
func (m *model) stray(t *rapid.T) {
	s, c := m.session(t), m.core(t)
	if c.conn == nil || s.at == c && !s.closed {
		t.Skip("it is open there")
	}
	_, body := numbered(1, 10)
	c.conn.send(toSession(s.id, body), verifyOK(s.id), resumeOK(s.id, 0), message(ftd.TIDSessionKick, tagOf(s.id), nil))
	synctest.Wait()
}

func (m *model) wantClosed(t *rapid.T, s *modelSession, c *coreConn) {
	if g := c.next(ftd.TIDSessionClose); g.tag.SessionID != s.id {
		t.Fatalf("session %d was closed at the core", g.tag.SessionID)
	}
}

func (m *model) close(t *rapid.T) {
	s := m.session(t)
	s.session.Close(ftd.ReasonGone, "")
	switch {
	case s.closed:
	case s.at != nil:
		m.wantClosed(t, s, s.at.conn)
	case s.last != nil && slices.ContainsFunc(m.cores, func(c *modelCore) bool { return c.conn == s.last }):
		m.wantClosed(t, s, s.last) // a core that says another term may still hold it
	}
	s.closed = true
}

// check compares what can be seen after each step.
func (m *model) check(t *rapid.T) {
	m.sleep(time.Second)
	want, status := -1, m.link.Status()
	if m.use != nil {
		want = slices.Index(m.cores, m.use)
	}
	if status.InUse != want || status.Term != m.term {
		t.Fatalf("in use is %d under term %d, want %d under %d", status.InUse, status.Term, want, m.term)
	}
	for _, c := range m.cores {
		if c.conn != nil && len(c.conn.frames) > 0 {
			g := <-c.conn.frames
			t.Fatalf("the core got %v of session %d, which was not to be sent", g.header.TID, g.tag.SessionID)
		}
	}
	for _, s := range m.sessions {
		s.terminal.mu.Lock()
		if len(s.terminal.delivered) != s.told || len(s.terminal.exits) != 0 || !slices.Equal(s.terminal.refused, s.refused) {
			t.Fatalf("session %d was told %d messages (want %d), sent away %v, refused %v (want %v)",
				s.id, len(s.terminal.delivered), s.told, s.terminal.exits, s.terminal.refused, s.refused)
		}
		s.terminal.mu.Unlock()
	}
}
