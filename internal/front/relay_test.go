package front_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/testmain"
)

// relayHandler is a gateway for operator relays. Accounts that end in 99 are out of scope, the account "panics" panics once.
type relayHandler struct {
	*handler
	window   int
	hold     chan struct{} // nil: submissions are not held; else each waits until it is closed
	panicked atomic.Bool

	submitted sync.Map // SubmitIDs
	twice     atomic.Int64
	inFlight  atomic.Int64
	most      atomic.Int64
	gone      chan string
}

func (h *relayHandler) Verify(p session.Peer, a *session.AuthAttempt) session.Outcome {
	outcome := h.handler.Verify(p, a)
	outcome.AppType = ftd.OperatorRelay
	return outcome
}

func (h *relayHandler) Login(ctx context.Context, p session.Peer, a *session.LoginAttempt) session.Outcome {
	outcome := h.handler.Login(ctx, p, a)
	outcome.Receipt.UserType = regulation.UserOperator
	outcome.Receipt.Terms = &ftd.RelayTerms{Window: h.window, Rate: 999999, Burst: 999999, MaxTerminalAge: 345600, Features: '0'}
	return outcome
}

func (h *relayHandler) Submit(_ context.Context, p session.Peer, a *session.SubmitAttempt) session.Outcome {
	n := h.inFlight.Add(1)
	defer h.inFlight.Add(-1)
	h.noteMost(n)
	if h.hold != nil {
		<-h.hold
	}
	account := string(a.Request.UserID)
	switch {
	case account == "panics" && h.panicked.CompareAndSwap(false, true):
		panic("submit")
	case strings.HasSuffix(account, "99"):
		return session.Outcome{Reason: reason.OutOfScope, Ref: reason.Ref([]byte("REF00A"))}
	}
	if _, known := h.submitted.LoadOrStore(string(a.Request.SubmitID), true); known {
		h.twice.Add(1)
	}
	return session.Outcome{Submitted: &session.SubmitReceipt{
		RecordID: uuid.New(), Account: regulation.Account(account), UserType: regulation.UserOperator, TradingDay: 20260105,
		Flag: regulation.FlagNormal, Via: session.Via{AppID: regulation.AppID(a.AppID), Addr: p.Addr, LoginTime: a.LoggedIn},
	}}
}

func (h *relayHandler) noteMost(n int64) {
	for {
		most := h.most.Load()
		if n <= most || h.most.CompareAndSwap(most, n) {
			return
		}
	}
}

func (h *relayHandler) EndTerminal(_ session.Peer, operator, submitID []byte) session.Outcome {
	h.gone <- string(operator) + " " + string(submitID)
	return session.Outcome{}
}

// startForRelays runs a front whose handler is h, and a relay that is logged in there.
func startForRelays(t *testing.T, cfg front.Config, h *relayHandler) (*running, *client.Relay) {
	t.Helper()
	h.handler, h.gone = newHandler(), make(chan string, 16)
	c := newCounts()
	s := front.New(cfg, h, c, zap.NewNop())
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	r := &running{Server: s, t: t, h: h.handler, counts: c, addr: s.Addrs()[0].String()}
	t.Cleanup(r.stop)
	relay, err := client.DialRelay(t.Context(), client.RelayOptions{
		Addresses: []string{r.addr}, Identity: software("v_relay_1"), AuthCode: authCode,
		Login: client.LoginRequest{BrokerID: "9999", UserID: "8000admin", Password: "p", KeyVersion: "1.0", AbnormalFlag: '0'},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = relay.Close() })
	return r, relay
}

func submission(account string) client.Submission {
	return client.Submission{
		UserID: account, KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: make([]byte, 256),
		Terminal: client.RelayedTerminal{
			AppID: "client_demo_1.0", PublicAddr: netip.MustParseAddrPort("203.0.113.7:50001"), LoginTime: time.Now(), Type: '2',
		},
	}
}

// TestRelayReportsItsTerminals: thousands of submissions over one connection, each answered once; one in a hundred is
// refused and ends nothing.
func TestRelayReportsItsTerminals(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.Limits.Logins = 1000
	h := &relayHandler{window: 256}
	r, relay := startForRelays(t, cfg, h)
	terminals := testmain.Fewer(10000, 1000)
	var accepted, refused atomic.Int64
	work := make(chan int)
	var workers sync.WaitGroup
	for range 400 {
		workers.Go(func() {
			for n := range work {
				account := fmt.Sprintf("%08d", n)
				receipt, err := relay.Submit(t.Context(), submission(account))
				refusal, isRefusal := errors.AsType[*client.Error](err)
				switch {
				case err == nil && receipt.UserID == account && receipt.Relay.AppID == "v_relay_1":
					accepted.Add(1)
				case isRefusal && refusal.Code == 9 && strings.HasSuffix(account, "99"):
					refused.Add(1)
				default:
					t.Errorf("%s: %+v, %v", account, receipt, err)
				}
			}
		})
	}
	for n := range terminals {
		work <- n
	}
	close(work)
	workers.Wait()
	if int(accepted.Load()+refused.Load()) != terminals || int(refused.Load()) != terminals/100 || h.twice.Load() != 0 {
		t.Errorf("%d accepted, %d refused of %d, %d twice", accepted.Load(), refused.Load(), terminals, h.twice.Load())
	}
	if h.most.Load() > 256 {
		t.Errorf("%d were in flight, over the window", h.most.Load())
	}
	select {
	case why := <-r.counts.closed:
		t.Errorf("a connection was closed by %s", why)
	default:
	}
}

// TestRelayOutlivesAFault: a submission that panics is sent again and recorded, on the same connection.
func TestRelayOutlivesAFault(t *testing.T) {
	t.Parallel()
	h := &relayHandler{window: 4}
	r, relay := startForRelays(t, config(), h)
	receipt, err := relay.Submit(t.Context(), submission("panics"))
	if err != nil || !h.panicked.Load() {
		t.Fatalf("%v, panicked %v", err, h.panicked.Load())
	}
	relay.End(receipt.SubmitID)
	if got := <-h.gone; !strings.HasPrefix(got, "8000admin 0") {
		t.Errorf("gone %q", got)
	}
	select {
	case why := <-r.counts.closed:
		t.Errorf("a connection was closed by %s", why)
	default:
	}
}

// TestDrainWaitsForSubmissions: what was sent is answered before the front stops.
func TestDrainWaitsForSubmissions(t *testing.T) {
	t.Parallel()
	h := &relayHandler{window: 16, hold: make(chan struct{})}
	r, relay := startForRelays(t, config(), h)
	answered := make(chan error, 10)
	for n := range 10 {
		go func() {
			_, err := relay.Submit(t.Context(), submission(fmt.Sprint(n)))
			answered <- err
		}()
	}
	await.True(t, "ten submissions are on their way", func() bool { return h.inFlight.Load() == 10 })
	drained := make(chan error, 1)
	go func() { drained <- r.Drain(t.Context()) }()
	await.True(t, "the front drains", r.Draining)
	close(h.hold)
	for range 10 {
		if err := <-answered; err != nil {
			t.Error(err)
		}
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
}
