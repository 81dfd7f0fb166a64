package terminaltest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
)

// Patience is how long a Terminal waits for the front, from New on.
const Patience = 30 * time.Second

// Terminal is a scripted terminal on a socket.
type Terminal struct {
	net.Conn
	t     testing.TB
	inbox Inbox
}

// New makes a terminal of a connection, which is closed when the test ends.
func New(t testing.TB, c net.Conn) *Terminal {
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(Patience))
	return &Terminal{Conn: c, t: t}
}

// Dial connects to a front at host:port. Local is the address to connect from, nil for any.
func Dial(t testing.TB, address string, local *net.TCPAddr) *Terminal {
	t.Helper()
	d := net.Dialer{}
	if local != nil {
		d.LocalAddr = local
	}
	c, err := d.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return New(t, c)
}

// Send sends frames in one write. That the front has closed is no failure: the next message
// tells.
func (m *Terminal) Send(frames ...[]byte) {
	m.t.Helper()
	if _, err := m.Write(bytes.Join(frames, nil)); err != nil && !isClosed(err) {
		m.t.Fatal(err)
	}
}

// Next is the next message of the front; its Code is Closed once the front has closed.
func (m *Terminal) Next() Reply {
	m.t.Helper()
	chunk := make([]byte, 4096)
	for {
		r, ok, err := m.inbox.Next()
		switch {
		case err != nil:
			m.t.Fatalf("the front sent % x: %v", m.inbox.Rest(), err)
		case ok:
			return r
		}
		n, err := m.Read(chunk)
		switch {
		case n > 0:
			m.inbox.Add(chunk[:n])
		case isClosed(err):
			return Reply{Code: Closed}
		case err != nil:
			m.t.Fatal(err)
		}
	}
}

// Expect wants a message with that TID and that code, NoCode for none.
func (m *Terminal) Expect(tid ftd.TID, code int) Reply {
	m.t.Helper()
	r := m.Next()
	if r.TID != tid || r.Code != code {
		m.t.Fatalf("got %v with code %d, want %v with %d", r.TID, r.Code, tid, code)
	}
	return r
}

// ExpectCode wants a message with that code. Another code is an error of the test, but does not
// end it.
func (m *Terminal) ExpectCode(code int) Reply {
	m.t.Helper()
	r := m.Next()
	if r.Code != code {
		m.t.Errorf("the front answered %d, want %d", r.Code, code)
	}
	return r
}

// ExpectClosed wants the front to close without another message.
func (m *Terminal) ExpectClosed() {
	m.t.Helper()
	if r := m.Next(); r.Code != Closed {
		m.t.Fatalf("got %v with code %d, want the front to close", r.TID, r.Code)
	}
}

// Authenticate is steps 1 to 4, which must succeed.
func (m *Terminal) Authenticate(id client.Identity, authCode string) {
	m.t.Helper()
	var machine client.Machine
	m.Send(must(machine.AppendAsk(nil, &id)))
	e := m.receive(&machine, client.Challenged)
	challenge := e.Challenge()
	m.Send(must(machine.AppendAnswer(nil, &id, authCode, &challenge)))
	m.receive(&machine, client.Authenticated)
}

// LogIn is steps 5 and 6, which must succeed.
func (m *Terminal) LogIn(req client.LoginRequest) client.LoginResult {
	m.t.Helper()
	var machine client.Machine
	m.Send(must(machine.AppendLogin(nil, &req)))
	e := m.receive(&machine, client.LoggedIn)
	return e.LoginResult()
}

// receive gives the next message to a machine and wants what it makes of it.
func (m *Terminal) receive(machine *client.Machine, want client.EventKind) client.Event {
	m.t.Helper()
	r := m.Next()
	_, e, err := machine.Receive(r.Frame)
	if err != nil || e.Kind != want {
		m.t.Fatalf("got %v with code %d: event %d, %v; want event %d", r.TID, r.Code, e.Kind, err, want)
	}
	return e
}

func isClosed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}
