package cppcore

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/core/link"
	"github.com/tradefront/tradefront/internal/corecheck"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/test/await"
)

// TestCoreCheckPasses: the example keeps every rule that `tradefront core-check` looks at.
func TestCoreCheckPasses(t *testing.T) {
	t.Parallel()
	address := start(t, "--listen", "127.0.0.1:0", "--credit", "64", "--heartbeat", "1").wait("listening listen ")
	report := corecheck.Run(t.Context(), corecheck.Options{
		Dial: func(ctx context.Context) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", address)
		},
		BrokerID: "9999", AppID: "vendor_soft_1.0", Version: "test", Account: "10000006", Password: "Example-6",
		Restricted: "10000003", RestrictedPassword: "Example-3", RestrictedNew: "Example-33", Series: 105, Quiet: 50 * time.Millisecond, Timeout: 20 * time.Second,
	})
	passed := 0
	for _, r := range report.Results {
		switch r.Status {
		case corecheck.Pass:
			passed++
		case corecheck.Fail, corecheck.Skip:
			if r.Rule != "visits_resumed" && r.Rule != "client_certificate" { // the sample has no operators; there is no TLS here
				t.Errorf("%+v", r)
			}
		}
	}
	if passed < 55 {
		t.Errorf("only %d rules passed", passed)
	}
}

// terminal is where the product's link delivers to.
type terminal struct {
	bodies chan []byte
	exits  chan []byte
}

func newTerminal() *terminal { return &terminal{make(chan []byte, 64), make(chan []byte, 1)} }

func (m *terminal) Deliver(body []byte) { m.bodies <- append([]byte{}, body...) }

func (m *terminal) Refuse(uint16, uint32, reason.Reason) { m.exits <- nil }

func (m *terminal) Exit(forceExit []byte, _ reason.Close) { m.exits <- append([]byte{}, forceExit...) }

func (m *terminal) next(t *testing.T) (h ftd.Header, b []byte) {
	t.Helper()
	select {
	case b = <-m.bodies:
	case <-time.After(patience):
		t.Fatal("nothing was delivered")
	}
	h, err := ftd.DecodeHeader(b)
	if err != nil {
		t.Fatal(err)
	}
	return h, b
}

// TestTheProductsLink: internal/core/link logs a customer in at the example, an order goes through, the link is cut and the
// session goes on, and the core ends it.
func TestTheProductsLink(t *testing.T) {
	t.Parallel()
	c := start(t, "--listen", "127.0.0.1:0", "--credit", "64")
	l := link.New(link.Options{
		Endpoints: []link.Endpoint{{Network: "tcp", Address: c.wait("listening listen ")}},
		FrontID:   7, BrokerID: "9999", Version: "test", Business: true, VerifyTimeout: 20 * time.Second,
	})
	l.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := l.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	m := newTerminal()
	await.True(t, "a wrong password is refused by the core, which is there", func() bool {
		_, err := l.Verify(t.Context(), attempt(t, "10000001", "wrong", m))
		var refused *core.Refused
		return errors.As(err, &refused) && refused.Reason == reason.WrongPassword
	})
	user, err := l.Verify(t.Context(), attempt(t, "10000001", "Example-1", m))
	if err != nil || user.UserType != regulation.UserCustomer || user.Notice == "" {
		t.Fatalf("verified as %+v: %v", user, err)
	}
	day, err := calendar.ParseTradingDay(tradingDay)
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Open(&core.Opening{
		SessionID: 1, User: "10000001", RecordID: uuid.New(), LoginTime: time.Now(), TradingDay: day,
		Flag: regulation.FlagNormal, Terminal: m,
	})
	if err != nil {
		t.Fatal(err)
	}
	order := func(number uint32) {
		t.Helper()
		body := business(t, ftd.SessionTag{}, orderInsert, 'S', number, []byte("order"))[ftd.SessionHeaderLen:]
		h, err := ftd.DecodeHeader(body)
		if err != nil {
			t.Fatal(err)
		}
		await.True(t, "the link takes an order", func() bool { return s.Pass(h, body) == reason.OK })
		s.Flush()
		if h, b := m.next(t); h.TID != orderInsert || h.SequenceNumber != number || string(b) != string(body) {
			t.Fatalf("order %d came back as %+v", number, h)
		}
		if h, _ := m.next(t); h.TID != privateMessage || h.SequenceNumber != number {
			t.Fatalf("private flow: %+v, want number %d", h, number)
		}
	}
	order(1)
	order(2)
	c.do("cut")
	await.True(t, "the front dials again", func() bool { return c.times("front 7: link accepted") == 2 })
	order(3) // resumed
	c.do("kick 10000001")
	select {
	case exit := <-m.exits:
		var f ftd.ForceExit
		if err := f.Decode(exit); err != nil || len(f.Msg) == 0 {
			t.Errorf("ForceExit %x: %v", exit, err)
		}
	case <-time.After(patience):
		t.Fatal("the kick did not reach the terminal")
	}
	s.Close(ftd.ReasonKicked, "")
}

func attempt(t *testing.T, user, password string, m core.Terminal) *core.Attempt {
	t.Helper()
	frame := sessionVerify(t, ftd.SessionTag{}, user, password)
	message, err := ftd.DecodeMessage(frame[ftd.SessionHeaderLen:])
	if err != nil {
		t.Fatal(err)
	}
	request, _ := message.Field(ftd.FIDLoginRequest)
	return &core.Attempt{
		SessionID: 1, Account: regulation.Account(user), Password: []byte(password), Request: request,
		Source: netip.MustParseAddrPort("203.0.113.9:40000"), AppID: "vendor_soft_1.0", AppType: '1', Instant: time.Now(), Terminal: m,
	}
}
