package e2e

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/test/await"
)

// upgradeLoad is how many sessions TestUpgradeUnderLoad has; without it the test is skipped, since it measures for minutes.
const upgradeLoad = "TRADEFRONT_TEST_UPGRADE_SESSIONS"

const (
	comesEach = 5 * time.Millisecond // 200 logins a second
	arrivers  = 500                  // accounts that log in again and again
	betweenTo = time.Second          // of two requests of a session
)

// TestUpgradeUnderLoad: under thousands of sessions, each of which sends to the core once a second, and 200 logins a second that arrive by the
// clock, another process takes the front over, five times. No session ends, each message is answered once and in its order, no login
// fails. How long the login step took meanwhile is told, and not asserted: `make upgrade-load` is for a machine without other work.
func TestUpgradeUnderLoad(t *testing.T) {
	sessions, err := strconv.Atoi(os.Getenv(upgradeLoad))
	if err != nil {
		t.Skip("make upgrade-load sets " + upgradeLoad)
	}
	var accounts strings.Builder
	accounts.WriteString("accounts:\n")
	for i := range sessions + arrivers {
		fmt.Fprintf(&accounts, "  - {user: %q, password: %q}\n", fmt.Sprint(1000000+i), password)
	}
	core := newCore(t, "a", accounts.String(), "")
	s := linked(t, []*coreProcess{core}, "", "limits: {connections_per_source: 100000}")
	d := s.serveReady()
	u := d.upgradable(t)
	l := &underLoad{t: t, d: d}
	l.sit(sessions)
	var ctx context.Context
	ctx, l.cancel = context.WithCancel(t.Context())
	defer l.cancel()
	for i, m := range l.seated {
		l.all.Go(func() { l.send(ctx, m, time.Duration(i)*betweenTo/time.Duration(sessions)) })
	}
	l.all.Go(func() { l.arrive(ctx) })
	l.further(2000)
	before := l.taken(time.Time{}, time.Now())
	for range 5 {
		began := time.Now()
		u.upgrade()
		ended := time.Now()
		l.further(1000)
		t.Logf("an upgrade in %v; logins meanwhile: %s", ended.Sub(began).Round(time.Millisecond), l.taken(began, ended))
	}
	l.cancel()
	l.all.Wait()
	core.wantNoViolation()
	t.Logf("%d sessions, %d messages answered, %d logins; before the first upgrade: %s", sessions, l.answered.Load(), len(l.steps), before)
	for line := range strings.Lines(d.log.String()) {
		if strings.Contains(line, tookOver) || strings.Contains(line, "the new process has everything") {
			t.Log(strings.TrimSpace(line))
		}
	}
	u.end()
}

// underLoad is sessions that trade, and customers who come and go.
type underLoad struct {
	t        testing.TB
	d        *daemon
	seated   []*seatedTrader
	all      sync.WaitGroup
	cancel   context.CancelFunc
	answered atomic.Int64

	mu    sync.Mutex
	steps []loginStep
}

type loginStep struct {
	began       time.Time     // of the visit, before the connect
	whole, took time.Duration // until the login's answer; from the request to the answer
}

type seatedTrader struct {
	*client.Conn
	answers chan client.Message
}

// visit connects, authenticates and logs in.
func (l *underLoad) visit(ctx context.Context, user int, options ...client.Option) (*client.Conn, loginStep, error) {
	step := loginStep{began: time.Now()}
	c, err := client.Dial(ctx, l.d.address, options...)
	if err != nil {
		return nil, step, err
	}
	if _, err = c.Authenticate(ctx, client.Identity{BrokerID: "9999", AppID: appID}, l.d.s.apps[0].AuthCode); err != nil {
		_ = c.Close()
		return nil, step, fmt.Errorf("authenticate: %w", err)
	}
	asked := time.Now()
	_, err = c.Login(ctx, client.LoginRequest{
		BrokerID: "9999", UserID: fmt.Sprint(1000000 + user), Password: password, KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: ciphertext(),
	})
	step.took, step.whole = time.Since(asked), time.Since(step.began)
	if err != nil {
		_ = c.Close()
		return nil, step, fmt.Errorf("log in: %w", err)
	}
	return c, step, nil
}

// sit logs that many in, some at once.
func (l *underLoad) sit(n int) {
	l.t.Helper()
	l.seated = make([]*seatedTrader, n)
	var all sync.WaitGroup
	var next atomic.Int64
	for range 32 {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && !l.t.Failed(); i = int(next.Add(1)) - 1 {
				m := &seatedTrader{answers: make(chan client.Message, 2)}
				var err error
				m.Conn, _, err = l.visit(l.t.Context(), i, client.WithHandler(func(got client.Message) {
					got.Body = nil
					select {
					case m.answers <- got:
					default:
						l.t.Error("a request was answered more than once")
					}
				}))
				if err != nil {
					l.t.Errorf("session %d: %v", i, err)
					return
				}
				l.seated[i] = m
			}
		})
	}
	all.Wait()
	if l.t.Failed() {
		l.t.FailNow()
	}
	l.t.Cleanup(func() {
		for _, m := range l.seated {
			_ = m.Close()
		}
	})
}

// send asks the core for an echo once a second, and wants one answer to each request, in its order.
func (l *underLoad) send(ctx context.Context, m *seatedTrader, first time.Duration) {
	wait := time.NewTimer(first)
	defer wait.Stop()
	for n := uint32(1); ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
		wait.Reset(betweenTo)
		if sent, err := m.Send(context.WithoutCancel(ctx), client.Outgoing{TID: echoTID, Fields: []client.Field{{FID: 0x7001, Data: []byte("x")}}}); err != nil || sent != n {
			l.t.Errorf("request %d was sent with number %d: %v", n, sent, err)
			return
		}
		select {
		case got := <-m.answers:
			if got.TID != echoTID || got.Number != n || got.Err() != nil {
				l.t.Errorf("to request %d: TID %#x, number %d, %v", n, got.TID, got.Number, got.Err())
				return
			}
		case <-m.Done():
			l.t.Errorf("a session ended: %v", m.Err())
			return
		case <-time.After(time.Minute):
			l.t.Errorf("request %d has no answer", n)
			return
		}
		l.answered.Add(1)
	}
}

// arrive lets customers come by the clock, however long those before them take.
func (l *underLoad) arrive(ctx context.Context) {
	clock := time.NewTicker(comesEach)
	defer clock.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-clock.C:
		}
		l.all.Go(func() {
			patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
			defer cancel()
			c, step, err := l.visit(patient, len(l.seated)+n%arrivers)
			if err != nil {
				l.t.Errorf("a login: %v", err)
				return
			}
			_ = c.Close()
			l.mu.Lock()
			l.steps = append(l.steps, step)
			l.mu.Unlock()
		})
	}
}

// further waits for so many logins more.
func (l *underLoad) further(logins int) {
	l.t.Helper()
	done := func() int { l.mu.Lock(); defer l.mu.Unlock(); return len(l.steps) }
	want := done() + logins
	await.Every(l.t, 10*time.Millisecond, "further logins", func() bool { return done() >= want || l.t.Failed() })
}

// taken tells the visits that were under way between two instants.
func (l *underLoad) taken(from, to time.Time) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var steps, visits []time.Duration
	for _, s := range l.steps {
		if s.began.Before(to) && s.began.Add(s.whole).After(from) {
			steps, visits = append(steps, s.took.Round(100*time.Microsecond)), append(visits, s.whole.Round(100*time.Microsecond))
		}
	}
	return fmt.Sprintf("%d, login step %s; from connect to logged in %s", len(steps), spread(steps), spread(visits))
}

func spread(took []time.Duration) string {
	if len(took) == 0 {
		return "none"
	}
	slices.Sort(took)
	return fmt.Sprintf("p50 %v, p99 %v, longest %v", took[len(took)/2], took[len(took)*99/100], took[len(took)-1])
}
