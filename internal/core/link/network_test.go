package link

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/testmain"
)

// authority signs certificates of tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t testing.TB) *authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{key: key, pool: x509.NewCertPool()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	a.cert, _ = x509.ParseCertificate(der)
	a.pool.AddCert(a.cert)
	return a
}

func (a *authority) issue(t testing.TB, name string) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// realNet is one kind of network, on this machine.
type realNet struct {
	name   string
	listen func(t testing.TB) (net.Listener, Endpoint)
}

func listenTCP(t testing.TB) (net.Listener, Endpoint) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l, Endpoint{Network: "tcp", Address: l.Addr().String()}
}

func listenUnix(t testing.TB) (net.Listener, Endpoint) {
	dir := testmain.ShortDir(t)
	l, err := net.Listen("unix", filepath.Join(dir, "core.sock"))
	if err != nil {
		t.Fatal(err)
	}
	return l, Endpoint{Network: "unix", Address: l.Addr().String()}
}

func listenTLS(t testing.TB) (net.Listener, Endpoint) {
	a := newAuthority(t)
	l, e := listenTCP(t)
	e.TLS = &tls.Config{RootCAs: a.pool, ServerName: "core.firm", Certificates: []tls.Certificate{a.issue(t, "front.firm")}}
	return tls.NewListener(l, serverTLS(a, a.issue(t, "core.firm"))), e
}

func serverTLS(a *authority, cert tls.Certificate) *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{cert}, ClientCAs: a.pool, ClientAuth: tls.RequireAndVerifyClientCert,
		NextProtos: []string{ALPN}, MinVersion: tls.VersionTLS13,
	}
}

var networks = []realNet{{"tcp", listenTCP}, {"unix", listenUnix}, {"tls", listenTLS}}

// onNetworks runs a test over each network.
func onNetworks(t *testing.T, run func(t *testing.T, l *Link, k *coreConn, core *fakeCore)) {
	t.Parallel()
	for _, n := range networks {
		t.Run(n.name, func(t *testing.T) {
			listener, endpoint := n.listen(t)
			core := newFakeCore(t)
			core.listen(listener)
			o := testOptions(t)
			o.Endpoints, o.Dial = []Endpoint{endpoint}, nil
			l := startLink(t, o)
			k := core.accept()
			k.greet(accept(ftd.CoreActive, instanceA, 1))
			await.True(t, "the core to be in use", func() bool { s := l.Status(); return s.Ready() })
			run(t, l, k, core)
		})
	}
}

// numbered is a business message of a size that has a number in it.
func numbered(n uint32, size int) (ftd.Header, []byte) {
	content := make([]byte, size)
	binary.BigEndian.PutUint32(content, n)
	return business(3, 0, n, string(content))
}

func numberOf(body []byte) uint32 {
	return binary.BigEndian.Uint32(body[ftd.MessageHeaderLen+ftd.FieldHeaderLen:])
}

// TestOrderIsKept: many sessions send at once, more than the sockets take; each one's messages come in order, none is
// lost, none comes twice, and so back.
func TestOrderIsKept(t *testing.T) {
	onNetworks(t, func(t *testing.T, l *Link, k *coreConn, _ *fakeCore) {
		const sessions, each = 8, 400
		var terminals []*fakeTerminal
		var opened []core.Session
		for i := range int32(sessions) {
			terminals = append(terminals, newTerminal())
			opened = append(opened, openSession(t, l, k, i, terminals[i]))
		}
		var group sync.WaitGroup
		for i, s := range opened {
			group.Go(func() {
				for n := range uint32(each) {
					h, body := numbered(n, 10+int(n)*7%4000)
					if r := s.Pass(h, body); r != reason.OK {
						t.Errorf("session %d, message %d: %v", i, n, r)
					}
					if n%3 == 0 {
						s.Flush()
					}
				}
				s.Flush()
			})
		}
		var next [sessions]uint32
		for range sessions * each {
			g := k.next(3)
			if n := numberOf(g.body); n != next[g.tag.SessionID] {
				t.Fatalf("session %d: message %d, want %d", g.tag.SessionID, n, next[g.tag.SessionID])
			}
			next[g.tag.SessionID]++
			k.send(toSession(g.tag.SessionID, g.body))
		}
		group.Wait()
		for i, terminal := range terminals {
			await.True(t, "all answers", func() bool { return len(terminal.bodies()) == each })
			for n, body := range terminal.bodies() {
				if numberOf(body) != uint32(n) {
					t.Fatalf("terminal %d: message %d is %d", i, n, numberOf(body))
				}
			}
		}
	})
}

// TestNothingIsLeftInMemory: what was written is wiped: the password of a login among it.
func TestNothingIsLeftInMemory(t *testing.T) {
	onNetworks(t, func(t *testing.T, l *Link, k *coreConn, _ *fakeCore) {
		openSession(t, l, k, 1, newTerminal())
		l.mu.Lock()
		out := l.endpoints[0].conn.out
		l.mu.Unlock()
		await.True(t, "all to be written", func() bool { _, queued := out.state(); return queued == 0 })
		out.mu.Lock()
		defer out.mu.Unlock()
		for _, buf := range [][]byte{out.queue[:cap(out.queue)], out.spare[:cap(out.spare)]} {
			if i := bytes.IndexFunc(buf, func(r rune) bool { return r != 0 }); i >= 0 {
				t.Errorf("byte %d is left: %q", i, buf[i:min(i+40, len(buf))])
			}
		}
	})
}

// TestGrowingWipes: a queue that grows leaves nothing where it was.
func TestGrowingWipes(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.fill()
	box := newOutbox(nothing{}, &o, func(*problem) {})
	box.setCredit(-1)
	before := box.queue[:cap(box.queue)]
	_, body := business(3, 0, 1, string(bytes.Repeat([]byte("password"), 400)))
	for cap(box.queue) == len(before) {
		box.mu.Lock()
		box.room(ftd.SessionHeaderLen + len(body))
		box.queue = ftd.AppendSessionFrame(box.queue, *tagOf(1), body)
		box.mu.Unlock()
	}
	if !bytes.Equal(before, make([]byte, len(before))) || !bytes.Contains(box.queue, body) {
		t.Error("the queue was not moved and wiped")
	}
}

// ending is a sender of a socket that takes nothing, whose connection ends meanwhile.
type ending struct {
	nothing
	box *outbox
}

func (e *ending) attempt() (bool, error) { return false, e.end() }

func (e *ending) end() error {
	e.box.close()
	return nil
}

// TestEndWipes: what a connection that ends did not write is wiped, whether the writer goroutine has it or not.
func TestEndWipes(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.fill()
	_, body := business(3, 0, 1, "password")
	for range 64 { // the writer goroutine finds its work and its end at the same moment
		for name, to := range map[string]sender{"handed over": nothing{}, "ends while it is handed over": &ending{}} {
			box := newOutbox(to, &o, func(*problem) {})
			if e, ends := to.(*ending); ends {
				e.box = box
			}
			box.setCredit(-1)
			if r := box.pass(*tagOf(1), body); r != reason.OK {
				t.Fatal(r)
			}
			buf := box.queue[:len(box.queue)]
			box.flush()
			box.close()
			stop := make(chan struct{})
			close(stop)
			box.run(stop)
			if !bytes.Equal(buf, make([]byte, len(buf))) {
				t.Fatalf("%s: %q is left", name, buf)
			}
		}
	}
}

// TestRestartOverNetworks: a core that is cut off and comes back has its sessions again.
func TestRestartOverNetworks(t *testing.T) {
	onNetworks(t, func(t *testing.T, l *Link, k *coreConn, core *fakeCore) {
		terminal := newTerminal()
		s := openSession(t, l, k, 1, terminal)
		pass(t, s, 1)
		k.next(3)
		k.Close()
		k = core.accept()
		k.greet(accept(ftd.CoreActive, instanceB, 2))
		k.next(ftd.TIDSessionResume)
		k.send(resumeOK(1, 0))
		terminal.wait(t) // request 1 is refused
		pass(t, s, 2)
		k.next(3)
	})
}

// TestDrainOverNetworks: a core gets all, and the end of the stream.
func TestDrainOverNetworks(t *testing.T) {
	onNetworks(t, func(t *testing.T, l *Link, k *coreConn, _ *fakeCore) {
		s := openSession(t, l, k, 1, newTerminal())
		if r := s.Pass(business(3, 0, 1, "last")); r != reason.OK {
			t.Fatal(r)
		}
		stopLink(t, l)
		k.next(3)
		k.next(ftd.TIDSessionClose)
		<-k.over
	})
}

// TestASlowCoreOverNetworks: a core that reads nothing blocks no caller, and gets all when it reads again.
func TestASlowCoreOverNetworks(t *testing.T) {
	t.Parallel()
	for _, n := range networks {
		t.Run(n.name, func(t *testing.T) {
			listener, endpoint := n.listen(t)
			defer listener.Close()
			o := testOptions(t)
			o.Endpoints, o.Dial, o.Process = []Endpoint{endpoint}, nil, ""
			l := startLink(t, o)
			raw, err := listener.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			a := accept(ftd.CoreActive, instanceA, 1)
			if _, err := raw.Write(message(ftd.TIDLinkLogin, nil, func(e *ftd.Encoder) { e.LinkAccept(&a); e.Error(&ftd.Error{}) })); err != nil {
				t.Fatal(err)
			}
			await.True(t, "the core to be in use", func() bool { s := l.Status(); return s.Ready() })
			answer := verify(t.Context(), l, attempt(t, 1, newTerminal()))
			await.True(t, "the login to be asked", func() bool { return l.Status().Verifying == 1 })
			if _, err := raw.Write(verifyOK(1)); err != nil {
				t.Fatal(err)
			}
			if got := <-answer; got.err != nil {
				t.Fatal(got.err)
			}
			s, err := l.Open(opening(1, newTerminal()))
			if err != nil {
				t.Fatal(err)
			}
			passed := uint32(0)
			for {
				h, body := numbered(passed, 4000)
				if r := s.Pass(h, body); r == reason.CoreFull {
					break
				} else if r != reason.OK {
					t.Fatal(r)
				}
				s.Flush()
				passed++
			}
			k := newCoreConn(t, raw)
			for _, tid := range []ftd.TID{ftd.TIDLinkLogin, ftd.TIDSessionVerify, ftd.TIDSessionOpen} {
				k.next(tid)
			}
			for n := range passed {
				if got := numberOf(k.next(3).body); got != n {
					t.Fatalf("message %d is %d", n, got)
				}
			}
			if passed < 8<<20/4100 {
				t.Errorf("only %d messages were taken", passed)
			}
		})
	}
}

// TestTLSThatDoesNotFit: each has a word, and the link is never used.
func TestTLSThatDoesNotFit(t *testing.T) {
	t.Parallel()
	a, other := newAuthority(t), newAuthority(t)
	for _, tt := range []struct {
		name   string
		change func(server, client *tls.Config)
		want   Fault
	}{
		{"wrong name", func(s, _ *tls.Config) { s.Certificates[0] = a.issue(t, "else.firm") }, Certificate},
		{"another authority", func(s, _ *tls.Config) { s.Certificates[0] = other.issue(t, "core.firm") }, Certificate},
		{"the front's of another authority", func(_, c *tls.Config) { c.Certificates[0] = other.issue(t, "front.firm") }, CertificateRefused},
		{"the front has none", func(_, c *tls.Config) { c.Certificates = nil }, CertificateRefused},
		{"the front cannot read its own", func(_, c *tls.Config) {
			c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return nil, os.ErrPermission }
		}, OwnFiles},
		{"another protocol", func(s, _ *tls.Config) { s.NextProtos = []string{"h2"} }, WrongALPN},
		{"no protocol", func(s, _ *tls.Config) { s.NextProtos = nil }, WrongALPN},
		{"TLS 1.2", func(s, _ *tls.Config) { s.MinVersion, s.MaxVersion = 0, tls.VersionTLS12 }, TLSFailed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := serverTLS(a, a.issue(t, "core.firm"))
			client := &tls.Config{RootCAs: a.pool, ServerName: "core.firm", Certificates: []tls.Certificate{a.issue(t, "front.firm")}}
			tt.change(server, client)
			raw, endpoint := listenTCP(t)
			endpoint.TLS = client
			newFakeCore(t).listen(tls.NewListener(raw, server))
			o := testOptions(t)
			seen := newCounts()
			o.Endpoints, o.Dial, o.Observer = []Endpoint{endpoint}, nil, seen
			l := startLink(t, o)
			await.True(t, "the fault", func() bool { return seen.faulted(tt.want) > 0 })
			if s := l.Status(); s.Ready() || s.Endpoints[0].LastFaultText == "" {
				t.Errorf("status is %+v", s)
			}
		})
	}
	t.Run("no TLS at all", func(t *testing.T) {
		raw, endpoint := listenTCP(t)
		endpoint.TLS = &tls.Config{RootCAs: a.pool, ServerName: "core.firm"}
		t.Cleanup(func() { raw.Close() })
		go func() {
			for {
				c, err := raw.Accept()
				if err != nil {
					return
				}
				fmt.Fprint(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
				c.Close()
			}
		}()
		o := testOptions(t)
		seen := newCounts()
		o.Endpoints, o.Dial, o.Observer = []Endpoint{endpoint}, nil, seen
		startLink(t, o)
		await.True(t, "the fault", func() bool { return seen.faulted(TLSFailed) > 0 })
	})
}

// TestServerNameOfTheAddress: without a name the certificate must be the address's.
func TestServerNameOfTheAddress(t *testing.T) {
	t.Parallel()
	given := &tls.Config{}
	c, err := tlsConfig(Endpoint{Network: "tcp", Address: "core-a.firm:41300", TLS: given})
	if err != nil || c.ServerName != "core-a.firm" || c.MinVersion != tls.VersionTLS13 || given.ServerName != "" {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestAuthoritiesAreAskedAnew: a core that comes with the certificate of another authority gets its link as soon as that is believed; what
// cannot be read is the front's own fault, and the core's certificate is not blamed.
func TestAuthoritiesAreAskedAnew(t *testing.T) {
	t.Parallel()
	a, other := newAuthority(t), newAuthority(t)
	raw, endpoint := listenTCP(t)
	endpoint.TLS = &tls.Config{RootCAs: a.pool, ServerName: "core.firm", Certificates: []tls.Certificate{a.issue(t, "front.firm")}}
	var believed atomic.Pointer[x509.CertPool] // nil: it cannot be read
	endpoint.Roots = func() (*x509.CertPool, error) {
		if pool := believed.Load(); pool != nil {
			return pool, nil
		}
		return nil, errors.New("ca.pem is gone")
	}
	newFakeCore(t).listen(tls.NewListener(raw, serverTLS(a, a.issue(t, "core.firm"))))
	o := testOptions(t)
	o.Endpoints, o.Dial = []Endpoint{endpoint}, nil
	l := startLink(t, o)
	says := func(fault Fault, text string) {
		t.Helper()
		await.True(t, text, func() bool {
			e := l.Status().Endpoints[0]
			return e.LastFault == fault && strings.Contains(e.LastFaultText, text)
		})
	}
	says(OwnFiles, "ca.pem is gone")
	believed.Store(other.pool)
	says(Certificate, "unknown authority")
	believed.Store(a.pool)
	await.True(t, "the link", func() bool { return l.Status().Endpoints[0].State == Greeting })
}

// TestCloseGivesUp: a core that reads nothing does not hold a stopping front longer than it is given.
func TestCloseGivesUp(t *testing.T) {
	t.Parallel()
	listener, endpoint := listenTCP(t)
	defer listener.Close()
	o := testOptions(t)
	o.Endpoints, o.Dial, o.QueueBytes = []Endpoint{endpoint}, nil, 64<<20
	l := New(o)
	l.Start()
	raw, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	a := accept(ftd.CoreActive, instanceA, 1)
	a.HeartbeatSeconds = 999 // a busy machine needs many seconds to fill the queue, and the core of this test sends nothing
	if _, err := raw.Write(message(ftd.TIDLinkLogin, nil, func(e *ftd.Encoder) { e.LinkAccept(&a); e.Error(&ftd.Error{}) })); err != nil {
		t.Fatal(err)
	}
	await.True(t, "the core to be in use", func() bool { s := l.Status(); return s.Ready() })
	answer := verify(t.Context(), l, attempt(t, 1, newTerminal()))
	await.True(t, "the login to be asked", func() bool { return l.Status().Verifying == 1 })
	if _, err := raw.Write(verifyOK(1)); err != nil {
		t.Fatal(err)
	}
	<-answer
	s, err := l.Open(opening(1, newTerminal()))
	if err != nil {
		t.Fatal(err)
	}
	for {
		h, body := numbered(0, 4000)
		if s.Pass(h, body) != reason.OK {
			break
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := l.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("close: %v", err)
	}
}
