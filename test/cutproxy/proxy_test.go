package cutproxy_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/cutproxy"
	"github.com/tradefront/tradefront/test/testmain"
)

func TestMain(m *testing.M) { os.Exit(testmain.Run(m)) }

// message is one of PostgreSQL's protocol; kind 0 for the one that begins a connection.
func message(kind byte, body string) []byte {
	var m []byte
	if kind != 0 {
		m = append(m, kind)
	}
	return append(binary.BigEndian.AppendUint32(m, uint32(len(body)+4)), body...)
}

var (
	startup = message(0, "\x00\x03\x00\x00user\x00test\x00\x00")
	sslAsk  = message(0, "\x04\xd2\x16\x2f")
	begin   = message('Q', "begin\x00")
	copied  = message('d', "records")
	commit  = message('Q', "commit\x00")
)

// server answers each byte that it gets by one.
type server struct {
	net.Listener
	mu  sync.Mutex
	got []byte
}

func serve(t *testing.T) *server {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Listener: l}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer c.Close()
				b := make([]byte, 1024)
				for {
					n, err := c.Read(b)
					if err != nil {
						return
					}
					s.mu.Lock()
					s.got = append(s.got, b[:n]...)
					s.mu.Unlock()
					_, _ = c.Write(b[:n])
				}
			})
		}
	})
	t.Cleanup(func() { // after the proxy's, which ends the connections
		_ = l.Close()
		running.Wait()
	})
	return s
}

func (s *server) has() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.got)
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

// say sends a message and reports whether its answer came.
func say(c net.Conn, m []byte) bool {
	if _, err := c.Write(m); err != nil {
		return false
	}
	_, err := io.ReadFull(c, make([]byte, len(m)))
	return err == nil
}

func TestCut(t *testing.T) {
	whole := string(startup) + string(begin) + string(copied) + string(commit)
	for _, c := range []struct {
		at      cutproxy.Point
		arrives string
		failed  int // which message
	}{
		{cutproxy.InStatement, strings.TrimSuffix(whole, string(copied[len(copied)/2:])+string(commit)), 2},
		{cutproxy.BeforeCommit, strings.TrimSuffix(whole, string(commit)), 3},
		{cutproxy.AtCommit, whole, 3},
		{cutproxy.AfterCommit, whole, 3},
	} {
		t.Run(fmt.Sprint(c.at), func(t *testing.T) {
			s := serve(t)
			p := cutproxy.Start(t)
			p.Lead(s.Addr().String())
			fired := p.Cut(c.at, 2)
			for round := range 2 {
				conn := dial(t, p.Address())
				for i, m := range [][]byte{startup, begin, copied, commit}[:c.failed+1] {
					if ok := say(conn, m); ok != (i < c.failed) {
						t.Fatalf("message %d: answered %v", i, ok)
					}
				}
				want := strings.Repeat(c.arrives, round+1)
				await.True(t, fmt.Sprintf("the server to get %q", want), func() bool { return s.has() == want })
			}
			<-fired
			if p.Cuts() != 2 {
				t.Errorf("%d cuts", p.Cuts())
			}
			conn := dial(t, p.Address())
			for _, m := range [][]byte{sslAsk, startup, begin, copied, commit} {
				if !say(conn, m) {
					t.Fatalf("after the cuts %q has no answer", m)
				}
			}
		})
	}
}

func TestLead(t *testing.T) {
	first, second := serve(t), serve(t)
	p := cutproxy.Start(t)
	if say(dial(t, p.Address()), startup) {
		t.Error("a proxy that leads nowhere answered")
	}
	through := p.Through(t, "postgres://user@"+first.Addr().String()+"/database?sslmode=disable")
	if through != "postgres://user@"+p.Address()+"/database?sslmode=disable" {
		t.Error(through)
	}
	c := dial(t, p.Address())
	if !say(c, startup) {
		t.Fatal("no answer")
	}
	p.Lead(second.Addr().String())
	if say(c, begin) {
		t.Error("a connection to the server before was answered")
	}
	if !say(dial(t, p.Address()), startup) || second.has() == "" || first.has() != string(startup) {
		t.Errorf("the servers got %q and %q", first.has(), second.has())
	}
}

func TestBlackHole(t *testing.T) {
	s := serve(t)
	p := cutproxy.Start(t)
	p.Lead(s.Addr().String())
	c := dial(t, p.Address())
	p.BlackHole(true)
	answered := make(chan bool)
	go func() { answered <- say(c, startup) }()
	select {
	case <-answered:
		t.Fatal("a message passed")
	case <-time.After(50 * time.Millisecond):
	}
	p.BlackHole(false)
	if !<-answered {
		t.Error("the message did not pass afterwards")
	}
}

func TestDelay(t *testing.T) {
	s := serve(t)
	p := cutproxy.Start(t)
	p.Lead(s.Addr().String())
	p.Delay(20 * time.Millisecond)
	begun := time.Now()
	if !say(dial(t, p.Address()), startup) || time.Since(begun) < 40*time.Millisecond {
		t.Errorf("answered after %v", time.Since(begun))
	}
}

func TestBytesOfAnyProtocol(t *testing.T) {
	s := serve(t)
	var mu sync.Mutex
	var up, down string
	p := cutproxy.StartBytes(t, func() cutproxy.Watcher {
		return func(toServer bool, b []byte) {
			mu.Lock()
			defer mu.Unlock()
			if toServer {
				up += string(b)
			} else {
				down += string(b)
			}
		}
	})
	p.Lead(s.Addr().String())
	m := "no message of PostgreSQL's"
	if !say(dial(t, p.Address()), []byte(m)) {
		t.Error("no answer")
	}
	mu.Lock()
	defer mu.Unlock()
	if up != m || down != m {
		t.Errorf("the proxy saw %q and %q", up, down)
	}
}

// TestCutBytes: what goes up is torn, and what comes down does not arrive.
func TestCutBytes(t *testing.T) {
	s := serve(t)
	p := cutproxy.StartBytes(t, nil)
	p.Lead(s.Addr().String())
	for _, c := range []struct {
		up      bool
		arrives string
	}{{true, "no whole"}, {false, "no whole message"}} {
		before := s.has()
		fired := p.CutBytes(func(up bool, b []byte) bool { return up == c.up && string(b) == "no whole message" }, 1)
		if !say(dial(t, p.Address()), []byte("another")) {
			t.Fatal("bytes that do not match had no answer")
		}
		if say(dial(t, p.Address()), []byte("no whole message")) {
			t.Error("the connection was not cut")
		}
		<-fired
		await.True(t, "the server to get a part", func() bool { return s.has() == before+"another"+c.arrives })
	}
	if p.Cuts() != 2 || !say(dial(t, p.Address()), []byte("no whole message")) {
		t.Errorf("%d cuts, or another one", p.Cuts())
	}
}
