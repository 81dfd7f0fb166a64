//go:build linux

package loginbench

import (
	crand "crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/test/processor"
)

// order is a line to the terminals' process: what they do at which server.
type order struct {
	Address   string
	Firm      firm
	Terminals int  // at once
	Visits    int  // in all
	Stay      bool // log in and stay, until the next order, at an address whose ports no visit needs
}

// findings are the answer to an order.
type findings struct {
	Fault    string // "" if each visit was as it should be
	Elapsed  time.Duration
	CPU      time.Duration // of the terminals' own process
	P50, P99 time.Duration // of the login step: from its write until its answer was read
}

// visitPatience bounds how long all terminals together may get no answer.
const visitPatience = 30 * time.Second

func runTerminals() error {
	in := commands()
	var stay *terminals
	for {
		var o order
		switch err := in.Decode(&o); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case o.Address == "": // the first line, and the end of a stay
			stay = stay.leave()
			if err := say(findings{}); err != nil {
				return err
			}
			continue
		}
		all, found := visit(&o)
		if o.Stay {
			stay = all
		} else {
			all.leave()
		}
		if err := say(found); err != nil {
			return err
		}
	}
}

func visit(o *order) (*terminals, findings) {
	t, err := newTerminals(o)
	begin, cpu := time.Now(), processor.Time(unix.Getpid())
	if err == nil {
		err = t.run()
	}
	f := findings{
		Elapsed: time.Since(begin), CPU: processor.Time(unix.Getpid()) - cpu,
		P50: time.Duration(t.latency.ValueAtQuantile(50)), P99: time.Duration(t.latency.ValueAtQuantile(99)),
	}
	if err != nil {
		f.Fault = err.Error()
	}
	return t, f
}

// terminals are many terminals on one epoll loop: little processor time of theirs, since all share the machine.
type terminals struct {
	order   *order
	epoll   int
	to      unix.SockaddrInet4
	latency *hdrhistogram.Histogram
	all     map[int]*terminal // by descriptor
	spare   []*terminal
	begun   int // visits
	ended   int
	out     []byte
	cipher  [256]byte
	random  *rand.ChaCha8
}

// terminal is one visit.
type terminal struct {
	fd      int
	machine client.Machine
	in      []byte
	asked   time.Time // when the login was written
	account string

	identity client.Identity
	authCode string
}

func newTerminals(o *order) (*terminals, error) {
	t := &terminals{
		order: o, epoll: -1, all: map[int]*terminal{}, latency: hdrhistogram.New(1, int64(time.Minute), 3),
		random: rand.NewChaCha8(newSeed()),
	}
	addr, err := netip.ParseAddrPort(o.Address)
	if err != nil {
		return t, err
	}
	t.to = unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}
	t.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	return t, err
}

// run makes all visits.
func (t *terminals) run() error {
	for range min(t.order.Terminals, t.order.Visits) {
		if err := t.begin(); err != nil {
			return err
		}
	}
	events := make([]unix.EpollEvent, 128)
	for t.ended < t.order.Visits {
		n, err := unix.EpollWait(t.epoll, events, int(visitPatience.Milliseconds()))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return fmt.Errorf("epoll_wait: %w", err)
		case n == 0:
			return fmt.Errorf("no answer for %v: %d of %d visits made", visitPatience, t.ended, t.order.Visits)
		}
		for i := range events[:n] {
			if err := t.ready(t.all[int(events[i].Fd)]); err != nil {
				return fmt.Errorf("visit %d: %w", t.ended, err)
			}
		}
	}
	return nil
}

// begin connects a terminal and asks for a challenge.
func (t *terminals) begin() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0) // connect waits: on loopback that is no wait
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	if t.order.Stay {
		err = bindTo(fd, stayAddress)
	}
	if err != nil {
		return err
	}
	m := t.take(fd)
	with := t.order.Firm.of(t.begun)
	m.account, m.authCode = t.order.Firm.Accounts[t.begun%len(t.order.Firm.Accounts)], with.AuthCode
	m.identity = client.Identity{BrokerID: t.order.Firm.BrokerID, AppID: with.AppID}
	t.begun++
	if err := unix.Connect(fd, &t.to); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	// Go's clients set it too.
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return fmt.Errorf("TCP_NODELAY: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return err
	}
	if err := unix.EpollCtl(t.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	t.out, err = m.machine.AppendAsk(t.out[:0], &m.identity)
	return t.send(m, err)
}

// stayAddress is where sessions that stay come from. Beside 18,000 of them the visits would search the 28,000 ports of an
// address for one that is free: their connects cost more than the server does.
var stayAddress = [4]byte{127, 0, 0, 2}

func bindTo(fd int, address [4]byte) error {
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
		return fmt.Errorf("IP_BIND_ADDRESS_NO_PORT: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: address}); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	return nil
}

func (t *terminals) take(fd int) *terminal {
	m := &terminal{in: make([]byte, 0, 2048)}
	if last := len(t.spare) - 1; last >= 0 {
		m, t.spare = t.spare[last], t.spare[:last]
		*m = terminal{in: m.in[:0]}
	}
	m.fd = fd
	t.all[fd] = m
	return m
}

// send writes t.out: it always fits the socket's buffer, since one request is on its way at most.
func (t *terminals) send(m *terminal, err error) error {
	if err != nil {
		return err
	}
	if _, err = unix.Write(m.fd, t.out); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

// ready reads what came, and takes the next step.
func (t *terminals) ready(m *terminal) error {
	n, err := unix.Read(m.fd, m.in[len(m.in):cap(m.in)])
	switch {
	case errors.Is(err, unix.EAGAIN):
		return nil
	case err != nil:
		return fmt.Errorf("read: %w", err)
	case n == 0:
		return errors.New("the server closed the connection")
	}
	m.in = m.in[:len(m.in)+n]
	for {
		used, event, err := m.machine.Receive(m.in)
		if err != nil || used == 0 {
			return err
		}
		if event.Kind == client.LoggedIn {
			_ = t.latency.RecordValue(int64(time.Since(m.asked)))
			if flag := event.LoginResult().AbnormalFlag; flag != '0' {
				return fmt.Errorf("recorded with 异常标识 %c: these terminals do nothing for which a front sets one", flag)
			}
			return t.end(m) // which may give m to the next visit
		}
		if err := t.next(m, &event); err != nil {
			return err
		}
		m.in = m.in[:copy(m.in, m.in[used:])]
	}
}

// next is what a terminal does after an event.
func (t *terminals) next(m *terminal, event *client.Event) (err error) {
	switch event.Kind {
	case client.Challenged:
		challenge := event.Challenge()
		t.out, err = m.machine.AppendAnswer(t.out[:0], &m.identity, m.authCode, &challenge)
		return t.send(m, err)
	case client.Authenticated:
		t.drawCiphertext()
		t.out, err = m.machine.AppendLogin(t.out[:0], &client.LoginRequest{
			BrokerID: m.identity.BrokerID, UserID: m.account, Password: t.order.Firm.Password, HeartbeatSeconds: client.MaxHeartbeatSeconds,
			KeyVersion: t.order.Firm.KeyVersion, AbnormalFlag: '0', Ciphertext: t.cipher[:],
		})
		m.asked = time.Now()
		return t.send(m, err)
	case client.Refused:
		return event.Refusal
	}
	return nil // a heartbeat
}

// newSeed differs each time: a front takes a ciphertext that comes again for a replay, which is other work.
func newSeed() (seed [32]byte) {
	_, _ = crand.Read(seed[:]) // never fails
	return seed
}

// drawCiphertext takes the place of the encryption of the terminal string, which differs each time: no ciphertext comes twice. Like
// one it is less than the modulus.
func (t *terminals) drawCiphertext() {
	_, _ = t.random.Read(t.cipher[:]) // never fails
	t.cipher[0] &= 0x7F
}

// end ends a visit, and begins the next one.
func (t *terminals) end(m *terminal) error {
	t.ended++
	if t.order.Stay {
		m.in = m.in[:0]
		if t.begun < t.order.Visits {
			return t.begin()
		}
		return nil
	}
	t.close(m)
	if t.begun < t.order.Visits {
		return t.begin()
	}
	return nil
}

func (t *terminals) close(m *terminal) {
	_ = unix.Close(m.fd) // which takes it out of epoll
	delete(t.all, m.fd)
	m.fd = -1
	t.spare = append(t.spare, m)
}

// leave closes all that is open.
func (t *terminals) leave() *terminals {
	if t == nil {
		return nil
	}
	for _, m := range t.all {
		t.close(m)
	}
	if t.epoll >= 0 {
		_ = unix.Close(t.epoll)
	}
	return nil
}

func startTerminals(t testing.TB) *worker {
	t.Helper()
	c := startChild(t, "terminals", order{})
	if err := c.answer(&findings{}); err != nil {
		t.Fatalf("terminals: %v\n%s", err, c.log.String())
	}
	return c
}

// ordered has the terminals' process do o.
func (c *worker) ordered(o *order) (findings, error) {
	var f findings
	if err := c.ask(o, &f); err != nil {
		return f, fmt.Errorf("terminals: %w\n%s", err, c.log.String())
	}
	if f.Fault != "" {
		return f, errors.New("terminals: " + f.Fault)
	}
	return f, nil
}
