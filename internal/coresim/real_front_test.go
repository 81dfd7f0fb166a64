package coresim

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/core"
	corelink "github.com/tradefront/tradefront/internal/core/link"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/test/await"
)

// terminal takes what the link brings.
type terminal struct{ bodies, exits chan []byte }

func (m terminal) Deliver(body []byte)                        { m.bodies <- append([]byte(nil), body...) }
func (m terminal) Refuse(_ uint16, _ uint32, _ reason.Reason) {}
func (m terminal) Exit(exit []byte, _ reason.Close)           { m.exits <- append([]byte(nil), exit...) }

// The front's own link logs a session in, passes business, and keeps the session over a restart of the core.
func TestFrontsLink(t *testing.T) {
	t.Parallel()
	s, address := started(t, options())
	l := corelink.New(corelink.Options{
		Endpoints: []corelink.Endpoint{{Network: "tcp", Address: address}}, FrontID: 1, BrokerID: broker, Version: "test", MaxSessions: 100, Business: true,
	})
	l.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = l.Close(ctx)
	})
	request := writer{}
	request.text(10, broker)
	request.text(18, "alice")
	request.text(40, "Secret-a")
	request.text(3, "030")
	request.text(35, "")
	m := terminal{make(chan []byte, 16), make(chan []byte, 1)}
	await.True(t, "the core to verify", func() bool {
		u, err := l.Verify(t.Context(), &core.Attempt{
			SessionID: 7, Account: "alice", Request: request.data, Source: netip.MustParseAddrPort("192.0.2.9:5000"), AppType: '1', Instant: time.Now(), Terminal: m,
		})
		return err == nil && u.Account == "alice" && u.UserType == regulation.UserType('1')
	})
	opened, err := l.Open(&core.Opening{SessionID: 7, User: "alice", RecordID: uuid.New(), LoginTime: time.Now(), TradingDay: 20260105, Flag: '0', Terminal: m})
	if err != nil {
		t.Fatal(err)
	}
	pass := func(number uint32) reason.Reason {
		body := business(0x5000, 'S', number, "order")
		h, err := ftd.DecodeHeader(body)
		if err != nil {
			t.Fatal(err)
		}
		why := opened.Pass(h, body)
		opened.Flush()
		return why
	}
	if why := pass(1); why != reason.OK || len(<-m.bodies) == 0 {
		t.Fatal(why)
	}
	do(t, s, "restart")
	await.True(t, "the session to be resumed", func() bool { return s.Report().Now().Resumes == 1 })
	await.True(t, "business to pass again", func() bool { return pass(2) == reason.OK })
	if body := <-m.bodies; len(body) == 0 {
		t.Error("no echo")
	}
	opened.Close(ftd.ReasonLogout, "")
	await.True(t, "the session to end", func() bool { return s.Report().Now().Closes["1"] == 1 })
	if n := s.Report(); n.Now().Violations() != 0 || n.Instances[0].Opens != 1 || len(m.exits) > 0 {
		t.Errorf("%+v", n)
	}
}
