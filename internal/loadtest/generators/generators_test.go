package generators

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tradefront/tradefront/internal/chinese"
	"github.com/tradefront/tradefront/internal/loadtest"
	"github.com/tradefront/tradefront/internal/loadtest/population"
	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// pipe is a way without a network.
type pipe struct{ net.Conn }

func (pipe) Name() string { return "pipe" }

func people(accounts int) *population.Population {
	return &population.Population{BrokerID: "9999", Prefix: "LT", Accounts: accounts, Made: time.Unix(1_800_000_000, 0)}
}

func plan() *loadtest.Plan {
	return &loadtest.Plan{
		Scenario: loadtest.Reconnect, Targets: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:41205")}, People: people(10), Visits: 10, Rate: 3.5,
		Ramp: time.Second, Hold: time.Minute, Patience: time.Second, Seed: 1 << 63, KeyVersion: "1.0",
	}
}

// group is a coordinator with generators, each of which does what play says.
func group(ctx context.Context, n int, play func(ctx context.Context, g *Generator, c Conn) (*result.Result, error)) (*result.Result, error) {
	var conns []Conn
	for range n {
		ours, theirs := net.Pipe()
		conns = append(conns, pipe{ours})
		go func() {
			defer theirs.Close()
			ctx, g, err := Join(context.Background(), pipe{theirs}, people(10))
			if err != nil {
				return
			}
			if r, err := play(ctx, g, pipe{theirs}); r != nil || err != nil {
				_ = g.End(r, err)
			}
			<-ctx.Done()
		}()
	}
	return Run(ctx, conns, plan(), Progress{})
}

func ran(visits int) *result.Result {
	return &result.Result{
		Format: result.Format, Scenario: loadtest.Reconnect, Began: time.Now(), ElapsedS: 1, Generators: 1, Login: result.NewLatency(), Service: result.NewLatency(),
		Counts:  result.Counts{Planned: visits, Begun: visits, LoggedIn: visits},
		Refused: map[string]int{}, Failed: map[string]int{}, Hostile: map[string]int{},
	}
}

// TestAllGoOnAtOneInstant: the slowest is waited for, twice, and what they found is put together.
func TestAllGoOnAtOneInstant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		instants := make(chan time.Time, 6)
		all, err := group(t.Context(), 3, func(_ context.Context, g *Generator, _ Conn) (*result.Result, error) {
			p := g.Plan()
			want := *plan()
			want.Generator, want.Generators, want.People = p.Generator, 3, p.People
			if diff := cmp.Diff(want, *p, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
				t.Errorf("the plan (-want +came):\n%s", diff)
			}
			for range 2 {
				time.Sleep(time.Duration(p.Generator+1) * time.Second) // simulated: how long its part takes
				at := <-g.Hooks().Together()
				time.Sleep(time.Until(at))
				instants <- time.Now()
			}
			return ran(p.Generator + 1), nil
		})
		if err != nil || all.Generators != 3 || all.Counts.LoggedIn != 6 || all.EndedEarly != "" {
			t.Fatalf("%+v, %v", all, err)
		}
		for i, want := range []time.Duration{3, 3, 3, 6, 6, 6} {
			want = want*time.Second + time.Duration(i/3+1)*goAfter
			if at := (<-instants).Sub(began); at != want {
				t.Errorf("instant %d: %v, want %v", i, at, want)
			}
		}
	})
}

// TestOneThatCannotBegin: no visit is made, and the error says why; those that are there are ended.
func TestOneThatCannotBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan struct{}, 2)
		all, err := group(t.Context(), 3, func(ctx context.Context, g *Generator, _ Conn) (*result.Result, error) {
			if g.Plan().Generator == 1 {
				time.Sleep(time.Second) // simulated
				return nil, errors.New("100 connections at a time need 164 open files")
			}
			select {
			case at, is := <-g.Hooks().Together():
				if is {
					t.Errorf("generator %d was told to go, at %v", g.Plan().Generator+1, at)
				}
			case <-ctx.Done():
			}
			ended <- struct{}{}
			return nil, nil
		})
		const want = "load test: it was not begun, and nothing was sent: generator 2 (pipe): 100 connections at a time need 164 open files"
		if all != nil || err == nil || err.Error() != want {
			t.Errorf("%+v, %v", all, err)
		}
		<-ended
		<-ended
	})
}

// TestOneThatIsLost: the others go on, and the result says so. It may end, send what is no line, or nothing at all.
func TestOneThatIsLost(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(c Conn)
		want string
	}{
		"ended":   {func(c Conn) { _ = c.Close() }, "generator 2 (pipe): it ended without a result"},
		"no line": {func(c Conn) { _, _ = c.Write([]byte("GET / HTTP/1.1\r\n\r\n")) }, "generator 2 (pipe): pipe: invalid character"},
		"silent":  {func(Conn) {}, "generator 2 (pipe): it sent nothing for 1m0s"},
	} {
		synctest.Test(t, func(t *testing.T) {
			all, err := group(t.Context(), 3, func(_ context.Context, g *Generator, c Conn) (*result.Result, error) {
				<-g.Hooks().Together()
				if g.Plan().Generator == 1 {
					test.end(c)
					return nil, nil
				}
				for range 100 {
					g.Hooks().Watch(loadtest.Status{Begun: 1})
					time.Sleep(time.Second) // simulated
				}
				return ran(1), nil
			})
			if err != nil || all.Generators != 2 || all.Counts.LoggedIn != 2 || !strings.HasPrefix(all.EndedEarly, test.want) {
				t.Errorf("%s: %+v, %v", name, all, err)
			}
		})
	}
}

// TestAllLost: without any result there is an error that names each.
func TestAllLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all, err := group(t.Context(), 2, func(_ context.Context, g *Generator, _ Conn) (*result.Result, error) {
			<-g.Hooks().Together()
			return nil, net.ErrClosed
		})
		if all != nil || err == nil || !strings.Contains(err.Error(), "no generator has a result: generator 1 (pipe): use of closed") || !strings.Contains(err.Error(), "generator 2") {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

// TestStop: where the run is ended each generator is told, and its result is still taken.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		all, err := group(ctx, 2, func(ctx context.Context, g *Generator, _ Conn) (*result.Result, error) {
			<-g.Hooks().Together()
			<-ctx.Done()
			r := ran(1)
			r.EndedEarly = "interrupted"
			return r, nil
		})
		if err != nil || all.Generators != 2 || all.EndedEarly != "interrupted" {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

// TestOtherPeopleAreRefused: a generator that has another people file than the coordinator.
func TestOtherPeopleAreRefused(t *testing.T) {
	ours, theirs := net.Pipe()
	refused := make(chan error)
	go func() {
		_, _, err := Join(t.Context(), pipe{theirs}, people(11))
		refused <- err
	}()
	_, err := Run(t.Context(), []Conn{pipe{ours}}, plan(), Progress{})
	theirErr := <-refused
	for _, err := range []error{err, theirErr} {
		if err == nil || !strings.Contains(err.Error(), "people file is another one") {
			t.Errorf("%v", err)
		}
	}
}

// TestALostGeneratorIsToldInChinese: also by what it says itself, and where the run was not begun.
func TestALostGeneratorIsToldInChinese(t *testing.T) {
	tooMany := plan()
	tooMany.Visits = 1_000_000
	refusal := tooMany.Check(1000)
	if refusal == nil {
		t.Fatal("a million connections fit")
	}
	c := &coordinator{begun: true}
	for i, err := range []error{io.EOF, fmt.Errorf("it sent nothing for %v", Silence), refusal} {
		g := &member{lines: newLines(pipe{}), number: i}
		c.members = append(c.members, g)
		c.lose(g, err)
	}
	english := regexp.MustCompile(`[A-Za-z]{2,}`)
	names := strings.NewReplacer("(ulimit -n)", "", "（ulimit -n）", "", "（--generators）", "", "（pipe）", "")
	r := &result.Result{EndedEarly: c.faults().Error()}
	c.begun = false
	_, err := c.outcome()
	for _, text := range []string{r.EarlyText("zh"), chinese.Of(err.Error())} {
		if english.MatchString(names.Replace(text)) || strings.Count(text, "压测进程") != 3 || strings.Count(text, "没有给出结果即已结束") != 1 {
			t.Errorf("%s", text)
		}
	}
}

// TestProgressIsOfAll: what the coordinator is told is the sum.
func TestProgressIsOfAll(t *testing.T) {
	c := &coordinator{members: []*member{{}, {}}}
	var prepared int
	var sum loadtest.Status
	c.progress = Progress{Prepared: func(n int) { prepared = n }, Watch: func(s loadtest.Status) { sum = s }}
	for i, g := range c.members {
		c.take(said{by: g, line: toCoordinator{Prepared: new(100 * (i + 1))}})
		c.take(said{by: g, line: toCoordinator{Status: &loadtest.Status{Elapsed: time.Duration(i), LoggedIn: 5, Requests: 7, Rate: 1.5, Steps: 9}}})
	}
	if prepared != 300 || sum != (loadtest.Status{Elapsed: 1, LoggedIn: 10, Requests: 14, Rate: 3, Steps: 18}) {
		t.Errorf("%d, %+v", prepared, sum)
	}
}

// TestNetwork: generators join by TCP from loopback; another address is not taken.
func TestNetwork(t *testing.T) {
	where, joined := make(chan string, 1), make(chan Conn)
	go func() {
		at := <-where
		for range 2 {
			c, err := Dial(t.Context(), at, nil)
			if err != nil {
				t.Error(err)
			}
			joined <- c
		}
	}()
	ended := make(chan []Conn)
	go func() {
		conns, err := Accept(t.Context(), "127.0.0.1:0", 2, nil, func(at string, n int) {
			if n == 0 {
				where <- at
			}
		}, func(err error) { t.Error(err) })
		if err != nil {
			t.Error(err)
		}
		ended <- conns
	}()
	theirs := []Conn{<-joined, <-joined}
	for _, c := range append(theirs, <-ended...) {
		_ = c.Close()
	}
	if err := owned(t.Context(), from("192.0.2.7:1"), []string{"192.0.2.8"}); err == nil || !strings.Contains(err.Error(), "192.0.2.7 is not this machine") {
		t.Errorf("%v", err)
	}
	if err := owned(t.Context(), from("192.0.2.7:1"), []string{"192.0.2.8", "192.0.2.7"}); err != nil {
		t.Error(err)
	}
}

// from is a connection from that address.
type from string

func (f from) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(string(f)))
}
func (f from) LocalAddr() net.Addr              { return f.RemoteAddr() }
func (f from) Close() error                     { return nil }
func (f from) Read([]byte) (int, error)         { return 0, net.ErrClosed }
func (f from) Write([]byte) (int, error)        { return 0, net.ErrClosed }
func (f from) SetDeadline(time.Time) error      { return nil }
func (f from) SetReadDeadline(time.Time) error  { return nil }
func (f from) SetWriteDeadline(time.Time) error { return nil }
