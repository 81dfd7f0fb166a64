package corecheck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/ftd"
)

// Bounds of one link.
const (
	maxFrames   = 1024
	maxBacklog  = 4096
	maxFindings = 20
)

// front is one link to the core, as a front opens it. Its methods are called from one goroutine.
type front struct {
	p       *probe
	conn    net.Conn
	id      int32
	process string
	accept  *ftd.LinkAccept // nil before the core answered

	frames  chan *frame
	stop    chan struct{}
	done    sync.WaitGroup
	endOnce sync.Once
	why     error    // why the core's frames ended; read after frames is closed
	backlog []*frame // came while another was waited for

	mu       sync.Mutex     // guards writes to conn, and what follows
	sessions map[int32]bool // true once SessionOpen or SessionResume was sent: flows may come
	greeted  bool           // the answer to LinkLogin has come
	credit   int64
	granted  int // LinkCredits that came
}

// identity is what LinkIdentity says of a front.
type identity struct {
	front    int32
	process  string // "" for a new one
	protocol int
}

// dial connects without LinkLogin.
func (p *probe) dial(id identity) (*front, error) { return p.dialBy(p.Dial, id) }

func (p *probe) dialBy(dial func(context.Context) (net.Conn, error), id identity) (*front, error) {
	ctx, cancel := context.WithTimeout(p.ctx, p.Timeout)
	defer cancel()
	conn, err := dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("no connection: %w", err)
	}
	if id.process == "" {
		id.process = uuid.NewString()
	}
	f := &front{
		p: p, conn: conn, id: id.front, process: id.process, sessions: make(map[int32]bool),
		frames: make(chan *frame, maxFrames), stop: make(chan struct{}),
	}
	p.opened = append(p.opened, f)
	f.done.Go(f.read)
	return f, nil
}

// login sends LinkLogin and returns the answer.
func (f *front) login(protocol int) (*frame, error) {
	if err := f.sendLogin(protocol); err != nil {
		return nil, err
	}
	return f.wait("the answer to LinkLogin", func(g *frame) bool { return g.header.TID == ftd.TIDLinkLogin })
}

func (f *front) sendLogin(protocol int) error {
	e := ftd.Begin(nil, ftd.TIDLinkLogin)
	e.LinkIdentity(&ftd.LinkIdentity{
		Protocol: protocol, FrontID: f.id, Process: []byte(f.process), BrokerID: []byte(f.p.BrokerID),
		Version: []byte(f.p.Version), MaxSessions: 1000, Business: '1',
	})
	return f.sendMessage(&e)
}

// link is a front whose LinkLogin the core accepted, and which sends heartbeats.
func (p *probe) link(id identity) (*front, error) {
	f, err := p.silent(id)
	if err == nil {
		f.done.Go(f.beat)
	}
	return f, err
}

// silent is one that sends nothing by itself.
func (p *probe) silent(id identity) (*front, error) {
	f, err := p.dial(id)
	if err != nil {
		return nil, err
	}
	answer, err := f.login(ftd.LinkProtocol)
	if err != nil {
		return nil, err
	}
	if code, err := answer.code(); err != nil || code != 0 {
		return nil, fmt.Errorf("LinkLogin was answered by %v", answer)
	}
	f.accept = new(ftd.LinkAccept)
	if err := answer.field(ftd.FIDLinkAccept, f.accept); err != nil {
		return nil, err
	}
	return f, nil
}

// end closes the connection, and waits for its goroutines.
func (f *front) end() {
	f.endOnce.Do(func() {
		close(f.stop)
		_ = f.conn.Close()
		f.done.Wait()
	})
}

// beat sends heartbeats, twice as often as the core asks for.
func (f *front) beat() {
	seconds := f.accept.HeartbeatSeconds
	if seconds == 0 {
		seconds = 5
	}
	t := time.NewTicker(time.Duration(seconds) * time.Second / 2)
	defer t.Stop()
	for {
		select {
		case <-f.stop:
			return
		case <-t.C:
			_ = f.send(ftd.AppendHeartbeat(nil)) // if that fails, the reader says why the link ended
		}
	}
}

// read takes frames off the connection until it ends or is malformed.
func (f *front) read() {
	defer close(f.frames)
	buf := make([]byte, 0, 64<<10)
	for {
		g, n, err := ftd.DecodeFrame(buf, ftd.MaxBodyLen)
		if err == nil && n == 0 {
			if buf, err = f.fill(buf); err == nil {
				continue
			}
		}
		if err != nil {
			f.ended(err)
			return
		}
		one, err := readFrame(g)
		if err != nil {
			f.ended(err)
			return
		}
		buf = buf[:copy(buf, buf[n:])]
		f.look(one)
		select {
		case f.frames <- one:
		case <-f.stop:
			return
		}
	}
}

// fill reads more bytes behind buf, which has room for the largest frame.
func (f *front) fill(buf []byte) ([]byte, error) {
	n, err := f.conn.Read(buf[len(buf):cap(buf)])
	if n > 0 {
		return buf[:len(buf)+n], nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return buf, err
}

// ended notes why the link ended; that a frame was malformed is a finding.
func (f *front) ended(err error) {
	var fault ftd.Fault
	if errors.As(err, &fault) {
		f.p.find(malformed, "a frame of the core's is %v", err)
	}
	f.why = err
}

// look holds a frame to what a core may send at all.
func (f *front) look(g *frame) {
	if g.heartbeat {
		return
	}
	f.mu.Lock()
	open, known := f.sessions[g.tag.SessionID]
	f.mu.Unlock()
	known = known && g.tagged && g.tag.FrontID == f.id
	switch tid := g.header.TID; {
	case tid == ftd.TIDLinkLogin || tid == ftd.TIDStateChange:
		f.greet(g)
		f.setCredit(g)
	case tid == ftd.TIDLinkCredit:
		f.addCredit(g)
	case !fromCore(tid):
		f.p.find(wrongMessage, "%v, which a core never sends", g)
	case g.broadcast && !g.tagged && tid.Business():
	case !g.tagged:
		f.p.find(wrongTag, "%v has neither Session nor Audience", g)
	case !known:
		f.p.find(wrongTag, "%v: this link has no such session", g)
	case !open && tid.Business() && g.header.SequenceSeries != 0:
		f.p.find(earlyFlow, "%v, which is not open", g)
	}
}

// fromCore reports whether a core may send messages of that TID.
func fromCore(tid ftd.TID) bool {
	switch tid {
	case ftd.TIDSessionVerify, ftd.TIDSessionResume, ftd.TIDSessionKick, ftd.TIDRequestCode:
		return true
	}
	return tid.Business()
}

// greet holds what the core says of itself to its order.
func (f *front) greet(g *frame) {
	answer := g.header.TID == ftd.TIDLinkLogin
	f.mu.Lock()
	was := f.greeted
	f.greeted = was || answer
	f.mu.Unlock()
	switch {
	case answer && was:
		f.p.find(wrongGreeting, "a second answer to LinkLogin")
	case !answer && !was:
		f.p.find(wrongGreeting, "%v before the answer to LinkLogin", g)
	}
}

// setCredit takes a LinkAccept's.
func (f *front) setCredit(g *frame) {
	var a ftd.LinkAccept
	if g.field(ftd.FIDLinkAccept, &a) != nil {
		return // a rule of its own finds that
	}
	f.mu.Lock()
	f.credit = int64(a.Credit)
	f.mu.Unlock()
}

// addCredit takes a LinkCredit.
func (f *front) addCredit(g *frame) {
	var c ftd.LinkCredit
	if err := g.field(ftd.FIDLinkCredit, &c); err != nil {
		f.p.find(wrongCredit, "%v", err)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.granted++
	switch total := f.credit + int64(c.Frames); {
	case c.Frames == ftd.UnlimitedCredit || f.credit < 0:
		f.credit = ftd.UnlimitedCredit
	case c.Frames < 0 || total > 1<<31-1:
		f.p.find(wrongCredit, "LinkCredit of %d frames over %d that were left", c.Frames, f.credit)
	default:
		f.credit = total
	}
}

// send writes frames.
func (f *front) send(wire []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.conn.SetWriteDeadline(time.Now().Add(f.p.Timeout)); err != nil {
		return err
	}
	if _, err := f.conn.Write(wire); err != nil {
		return fmt.Errorf("the core does not read, or closed the link: %w", err)
	}
	return nil
}

func (f *front) sendMessage(e *ftd.Encoder) error {
	wire, err := e.End()
	if err != nil {
		return err
	}
	return f.send(wire)
}

// wait returns the next frame that is wanted, also one that came before. Of what came in its place the last is told: an answer with a wrong number
// or series is no answer, and its author looks for why it was not sent.
func (f *front) wait(what string, wanted func(*frame) bool) (*frame, error) {
	before := len(f.backlog)
	var other *frame
	g, err := f.within(f.p.Timeout, func(g *frame) bool {
		switch {
		case wanted(g):
			return true
		case before > 0:
			before--
		case g.tagged:
			other = g
		}
		return false
	})
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) && other != nil:
		return nil, fmt.Errorf("%v, but %s did not come within %v", other, what, f.p.Timeout)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fmt.Errorf("nothing: %s did not come within %v", what, f.p.Timeout)
	case err != nil:
		return nil, fmt.Errorf("the link ended before %s: %w", what, err)
	}
	return g, nil
}

// stays wants that no such frame comes, within the quiet time and before an answer behind it: a slow core's would come before that.
func (f *front) stays(away func(*frame) bool) *outcome {
	g, err := f.quiet(away)
	if err != nil {
		return failf("the link ended: %v", err)
	}
	if g == nil {
		if out := f.alive(); out != nil {
			return out
		}
		at := slices.IndexFunc(f.backlog, away)
		if at < 0 {
			return nil
		}
		g = f.backlog[at]
	}
	return failf("%v", g)
}

// quiet wants that no such frame comes. It returns the one that came, nil for none.
func (f *front) quiet(unwanted func(*frame) bool) (*frame, error) {
	g, err := f.within(f.p.Quiet, unwanted)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, nil
	}
	return g, err
}

func (f *front) within(d time.Duration, wanted func(*frame) bool) (*frame, error) {
	for i, g := range f.backlog {
		if wanted(g) {
			f.backlog = append(f.backlog[:i], f.backlog[i+1:]...)
			return g, nil
		}
	}
	ctx, cancel := context.WithTimeout(f.p.ctx, d)
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			return nil, os.ErrDeadlineExceeded
		case g, ok := <-f.frames:
			if !ok {
				return nil, errors.Join(f.why)
			}
			if wanted(g) {
				return g, nil
			}
			f.keep(g)
		}
	}
}

// keep puts a frame that was not waited for into the backlog.
func (f *front) keep(g *frame) {
	if len(f.backlog) == maxBacklog {
		f.backlog = f.backlog[1:]
	}
	f.backlog = append(f.backlog, g)
}

// closed wants that the core closes the link.
func (f *front) closed() error {
	_, err := f.within(f.p.Timeout, func(*frame) bool { return false })
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("the link stayed open for %v", f.p.Timeout)
	}
	return nil
}
