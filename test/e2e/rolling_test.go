package e2e

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/test/ports"
)

const (
	comers  = 4 // customers who log in, log out and come again, at comersPace
	sitters = 6 // customers who stay logged in, and come again when they are thrown out

	// comersPace is the time between two visits of one customer: a front that stops has logins of some 130 a second to finish, and the
	// test some thousand in all.
	comersPace = 30 * time.Millisecond
)

// TestRollingRestart: two fronts behind HAProxy are restarted one after the other while
// customers log in. Each tries once more if it fails, and none fails twice; who was logged
// in on the front that stops comes back in the same way. Every answered login is in the
// report, once.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	a := newSite(t, firmDatabase(t), "")
	addresses := proxied{a: ports.Address(t), aTLS: ports.Address(t), b: ports.Address(t), bTLS: ports.Address(t)}
	second := a.secondFront()
	addresses.aHealth = behindBalancer(a, addresses.a, addresses.aTLS)
	addresses.bHealth = behindBalancer(second, addresses.b, addresses.bTLS)
	a.addCustomers(7000000, comers+sitters)
	fronts := map[string]*daemon{"a": a.serve(), "b": second.serve()}
	b := a.balance(t, addresses)
	l := a.queue(t, b.plain)
	l.until(100)
	b.isNotRoot()
	for _, name := range []string{"a", "b"} {
		d := fronts[name]
		b.empty(l, name)
		begin := time.Now()
		d.stop() // wants exit status 0
		took := time.Since(begin)
		if bound := config.Default().Timers.Drain + 15*time.Second; took > bound { // systemd's TimeoutStopSec
			t.Errorf("front %s took %v to stop, more than %v", name, took, bound)
		}
		t.Logf("front %s stopped in %v, exit status 0", name, took.Round(time.Millisecond))
		b.becomes("fronts", name, "DOWN") // HAProxy's checks find it too
		l.until(l.done.Load() + 50)       // by the other one
		fronts[name] = d.s.serve()
		b.turn("fronts", name, "ready")
		b.becomes("fronts", name, "UP")
		l.until(l.done.Load() + 50)
	}
	answers := l.end()
	t.Logf("%d logins answered, %d had to try again, %d failed twice; %d sessions were thrown out and came back",
		len(answers), l.again.Load(), l.twice.Load(), l.thrown.Load())
	if l.twice.Load() > 0 {
		t.Errorf("%d logins failed twice: %v", l.twice.Load(), l.why)
	}
	if l.thrown.Load() < sitters {
		t.Errorf("%d sessions were thrown out, want each of %d at least once: were there sessions on both fronts?", l.thrown.Load(), sitters)
	}
	for _, d := range fronts {
		d.stop()
	}
	a.checkInvariant(answers)
}

// empty takes the front from HAProxy before it is stopped: customers go on at the other front, and those who are logged in stay.
func (b *balancer) empty(l *queue, name string) {
	b.t.Helper()
	b.turn("fronts", name, "drain")
	b.becomes("fronts", name, "DRAIN")
	before := b.stat("fronts", name, "stot")
	l.until(l.done.Load() + 50)
	if after := b.stat("fronts", name, "stot"); after != before {
		b.t.Errorf("front %s was drained and had %s connections, now %s", name, before, after)
	}
}

// secondFront is another front of the same firm: of the same keys and database.
func (s *site) secondFront() *site {
	other := *s
	other.config = strings.Replace(s.config, "tradefront.yaml", "second.yaml", 1)
	text := string(s.read("tradefront.yaml"))
	for old, replacement := range map[string]string{
		"id: 1\n": "id: 2\n", "store:\n": "audit_log: second.jsonl\nstore:\n  path: second.db\n",
	} {
		text = strings.Replace(text, old, replacement, 1)
	}
	s.write("second.yaml", []byte(text))
	return &other
}

// queue is a load of customers, each with an account of its own.
type queue struct {
	s       *site
	t       *testing.T
	address string
	cancel  context.CancelFunc
	all     sync.WaitGroup

	done                 atomic.Int64
	again, twice, thrown atomic.Int64
	progress             chan struct{}

	mu      sync.Mutex
	answers []*demo.Was
	why     []error
}

func (s *site) queue(t *testing.T, address string) *queue {
	ctx, cancel := context.WithCancel(t.Context())
	q := &queue{s: s, t: t, address: address, cancel: cancel, progress: make(chan struct{}, 1)}
	for i := range comers + sitters {
		q.all.Go(func() {
			for pace := time.NewTicker(comersPace); ctx.Err() == nil; <-pace.C {
				q.visit(ctx, i, i >= comers)
			}
		})
	}
	return q
}

// visit is one login, tried twice at most. Who sits stays until the front ends the session.
func (q *queue) visit(ctx context.Context, i int, sits bool) {
	c, err := q.logIn(ctx, i)
	if err != nil && ctx.Err() == nil {
		q.again.Add(1)
		first := err
		if c, err = q.logIn(ctx, i); err != nil && ctx.Err() == nil {
			q.twice.Add(1)
			q.mu.Lock()
			q.why = append(q.why, fmt.Errorf("%w; then %w", first, err))
			q.mu.Unlock()
		}
	}
	if err != nil {
		return
	}
	defer c.Close()
	if !sits {
		_ = c.Logout(ctx) // a front that is stopping may have closed it
		return
	}
	select {
	case <-ctx.Done():
	case <-c.Done():
		q.thrown.Add(1)
	}
}

// logIn is not ended by the end of the load: a login whose terminal has gone may be recorded without an answer, and would then be a line of the
// report that no answer explains.
func (q *queue) logIn(ctx context.Context, i int) (*client.Conn, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	name := fmt.Sprint(7000000 + i)
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 8, 8, byte(i+1))}}
	c, err := client.Dial(ctx, q.address, client.WithDialer(dialer))
	if err != nil {
		return nil, err
	}
	if _, err = c.Authenticate(ctx, client.Identity{BrokerID: "9999", AppID: appID}, q.s.apps[0].AuthCode); err != nil {
		_ = c.Close()
		return nil, err
	}
	result, err := c.Login(ctx, client.LoginRequest{
		BrokerID: "9999", UserID: name, Password: password, KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: ciphertext(),
	})
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	local := c.LocalAddr().(*net.TCPAddr).AddrPort()
	q.mu.Lock()
	q.answers = append(q.answers, &demo.Was{
		RecordID: result.RecordID, TradingDay: result.TradingDay,
		Supplement: fmt.Sprintf("0@%s@%s@%d@%s@@@@@%s@1", appID, regulation.AppendAddr(nil, local.Addr()), local.Port(),
			result.LoginTime.Format("2006-01-02 15:04:05"), name),
	})
	q.mu.Unlock()
	q.done.Add(1)
	select {
	case q.progress <- struct{}{}:
	default:
	}
	return c, nil
}

// until waits for so many answered logins.
func (q *queue) until(logins int64) {
	q.t.Helper()
	deadline := time.After(time.Minute)
	for q.done.Load() < logins {
		select {
		case <-q.progress:
		case <-deadline:
			q.t.Fatalf("%d logins were answered, %d did not come about in a minute: %v", q.done.Load(), logins, q.why)
		}
	}
}

func (q *queue) end() []*demo.Was {
	q.cancel()
	q.all.Wait()
	return q.answers
}
