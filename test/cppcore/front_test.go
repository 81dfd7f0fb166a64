package cppcore

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// front plays the front's side of a link, frame by frame.
type front struct {
	t      testing.TB
	conn   net.Conn
	unread []byte
	id     int32
}

const patience = 30 * time.Second // what a test waits for comes much sooner

// dial connects to a core without a word.
func dial(t testing.TB, network, address string) *front {
	t.Helper()
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	return newFront(t, conn)
}

func newFront(t testing.TB, conn net.Conn) *front {
	t.Helper()
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &front{t: t, conn: conn, id: 7}
}

// link dials and logs in as front 7.
func (c *exampleCore) link(t testing.TB, process string) *front {
	t.Helper()
	f := dial(t, "tcp", c.wait("listening listen "))
	f.logIn(process)
	return f
}

func (f *front) tag(session int32) ftd.SessionTag {
	return ftd.SessionTag{FrontID: f.id, SessionID: session}
}

func (f *front) send(frames ...[]byte) {
	f.t.Helper()
	if _, err := f.conn.Write(bytes.Join(frames, nil)); err != nil {
		f.t.Fatal(err)
	}
}

// got is a frame of the core's.
type got struct {
	ftd.Header
	tag      ftd.SessionTag
	tagged   bool
	audience ftd.Audience
	body     []byte
	message  ftd.Message
}

// next is the core's next frame that is no heartbeat.
func (f *front) next() got {
	f.t.Helper()
	for {
		frame, err := f.read()
		if err != nil {
			f.t.Fatal("no frame of the core: ", err)
		}
		if frame.IsHeartbeat() {
			continue
		}
		return f.judge(frame)
	}
}

func (f *front) read() (ftd.Frame, error) {
	for {
		frame, n, err := ftd.DecodeFrame(f.unread, ftd.MaxBodyLen)
		if err != nil {
			return ftd.Frame{}, err
		}
		if n > 0 {
			f.unread = f.unread[n:]
			return frame, nil
		}
		more := make([]byte, 8192)
		k, err := f.conn.Read(more)
		if err != nil {
			return ftd.Frame{}, err
		}
		f.unread = append(f.unread, more[:k]...)
	}
}

func (f *front) judge(frame ftd.Frame) (g got) {
	f.t.Helper()
	h, err := ftd.DecodeHeader(frame.Body)
	if err != nil {
		f.t.Fatalf("%x: %v", frame.Body, err)
	}
	g.Header, g.body = h, bytes.Clone(frame.Body)
	g.tag, g.tagged = frame.Ext.Session()
	g.audience, _ = frame.Ext.Audience()
	if h.Chain == ftd.ChainSingle {
		if g.message, err = ftd.DecodeMessage(g.body); err != nil {
			f.t.Fatalf("%x: %v", frame.Body, err)
		}
	}
	return g
}

// expect is next, of that message and session.
func (f *front) expect(tid ftd.TID, session int32) got {
	f.t.Helper()
	g := f.next()
	if g.TID != tid || !g.tagged || g.tag != f.tag(session) {
		f.t.Fatalf("got %v of %v, want %v of session %d", g.TID, g.tag, tid, session)
	}
	return g
}

// code is the number in the message's field Error.
func (g *got) code(t testing.TB) int {
	t.Helper()
	data, ok := g.message.Field(ftd.FIDError)
	var e ftd.Error
	if !ok || e.Decode(data) != nil {
		t.Fatalf("%v has no field Error: %x", g.TID, g.body)
	}
	return e.Code
}

func (f *front) expectCode(tid ftd.TID, session int32, code int) got {
	f.t.Helper()
	g := f.expect(tid, session)
	if c := g.code(f.t); c != code {
		f.t.Fatalf("%v of session %d is answered %d, want %d", tid, session, c, code)
	}
	return g
}

// logIn sends LinkLogin and returns what the core says of itself.
func (f *front) logIn(process string) (a ftd.LinkAccept) {
	f.t.Helper()
	f.send(linkLogin(f.t, f.id, process))
	return f.accepted(ftd.TIDLinkLogin)
}

func (f *front) accepted(tid ftd.TID) (a ftd.LinkAccept) {
	f.t.Helper()
	g := f.next()
	data, ok := g.message.Field(ftd.FIDLinkAccept)
	if g.TID != tid || !ok || a.Decode(data) != nil {
		f.t.Fatalf("got %v %x, want %v with LinkAccept", g.TID, g.body, tid)
	}
	return a
}

// open verifies and opens a session.
func (f *front) open(session int32, user, password string, resume ...ftd.Point) {
	f.t.Helper()
	f.send(sessionVerify(f.t, f.tag(session), user, password))
	f.expectCode(ftd.TIDSessionVerify, session, 0)
	f.send(sessionOpen(f.t, f.tag(session), points(resume...)))
}

// ask sends a business message and wants it back as it is.
func (f *front) ask(session int32, tid ftd.TID, chain byte, number uint32, text string) {
	f.t.Helper()
	frame := business(f.t, f.tag(session), tid, chain, number, []byte(text))
	f.send(frame)
	if g := f.expect(tid, session); !bytes.Equal(g.body, frame[ftd.SessionHeaderLen:]) {
		f.t.Fatalf("the body came back as %x, was %x", g.body, frame[ftd.SessionHeaderLen:])
	}
}

// askInParts sends a business message in parts, and wants them back as they are once the last one is sent.
func (f *front) askInParts(session int32, tid ftd.TID, number uint32, texts ...string) {
	f.t.Helper()
	frames := make([][]byte, len(texts))
	for i, text := range texts {
		chain := byte(ftd.ChainMiddle)
		switch i {
		case 0:
			chain = ftd.ChainFirst
		case len(texts) - 1:
			chain = ftd.ChainLast
		}
		frames[i] = business(f.t, f.tag(session), tid, chain, number, []byte(text))
		f.send(frames[i])
	}
	for _, frame := range frames {
		if g := f.expect(tid, session); !bytes.Equal(g.body, frame[ftd.SessionHeaderLen:]) {
			f.t.Fatalf("a part came back as %x, was %x", g.body, frame[ftd.SessionHeaderLen:])
		}
	}
}

// ended wants the core to close the connection without another message.
func (f *front) ended() {
	f.t.Helper()
	for {
		frame, err := f.read()
		var timeout net.Error
		switch {
		case err == nil && frame.IsHeartbeat():
		case err == nil:
			f.t.Fatalf("a frame came, want the end: %x", frame.Body)
		case errors.As(err, &timeout) && timeout.Timeout():
			f.t.Fatal("the core did not close the connection")
		case errors.Is(err, io.EOF):
			return
		default:
			return // reset: the core had bytes left unread
		}
	}
}
