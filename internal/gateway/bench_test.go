package gateway

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/supplement"
)

// idle takes the place of every part that is not ours to measure.
type idle struct{}

func (idle) Append(context.Context, *store.Record) error { return nil }

func (idle) Submit(context.Context, *store.Record, bool) (*store.Earlier, error) { return nil, nil }
func (idle) Log(logs.Entry)                                                      {}
func (idle) LogWritten(context.Context, logs.Entry) error                        { return nil }
func (idle) Authenticated(string)                                                {}
func (idle) CodeUsed(string)                                                     {}
func (idle) LoggedIn(string)                                                     {}
func (idle) CameFrom(_, _ netip.Addr, _ string)                                  {}
func (idle) Flagged(string, bool)                                                {}
func (idle) Stage(string, time.Duration)                                         {}

type idleCore struct{}

func (idleCore) RequestCode(int32, core.Terminal, []byte) reason.Reason { return reason.UnknownRequest }

func (idleCore) Alive(int32) bool                         { return true }
func (idleCore) Abort(int32, ftd.ReasonCode, string)      {}
func (idleCore) Open(*core.Opening) (core.Session, error) { return nil, nil }

func (idleCore) Verify(_ context.Context, a *core.Attempt) (core.User, error) {
	return core.User{Account: a.Account, UserType: regulation.UserCustomer}, nil
}

type idleRegistry struct{}

func (idleRegistry) Verify([]byte, *auth.Challenge, *[auth.ChallengeLen]byte) auth.Result {
	return auth.Result{Verdict: auth.OK, Type: auth.AppDirect}
}

func (idleRegistry) Kind([]byte) (auth.AppType, bool, bool) { return auth.AppDirect, true, true }

func (idleRegistry) AdmitsFrom([]byte, netip.Addr) auth.Verdict { return auth.OK }

func (idleRegistry) AdmitsLogin(_, _ []byte, _ netip.Addr) auth.Verdict { return auth.OK }

// BenchmarkLogin is a login's own work: supplement, real encryption, record and response.
// Compare BenchmarkEncrypt of the same run: it is the largest part.
func BenchmarkLogin(b *testing.B) {
	opt := Options{Firm: Firm{BrokerID: broker, VendorID: "TF01", FrontID: 1}, LoginWork: 20 * time.Second}
	g := New(opt, Policy{Keys: endlessRing(b), Calendar: tradingDays(b)}, Parts{
		Core: idleCore{}, Registry: idleRegistry{}, Recorder: idle{}, Audit: idle{}, Observer: idle{}, Logger: zap.NewNop(),
	})
	a := attempt()
	b.ReportAllocs()
	for b.Loop() {
		if outcome := g.Login(context.Background(), home, &a); outcome.Reason != reason.OK {
			b.Fatal(outcome.Reason)
		}
	}
}

func BenchmarkEncrypt(b *testing.B) {
	key := encrypter(b, "1.0")
	text := []byte("0@client_xsb_1.0@203.0.113.9@37768@2026-01-05 12:00:00@@@@@88888888@1")
	sealed := make([]byte, 0, supplement.CiphertextLen)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := key.Encrypt(sealed, text); err != nil {
			b.Fatal(err)
		}
	}
}

// endlessRing has one key, valid at all times.
func endlessRing(t testing.TB) *supplement.KeyRing {
	t.Helper()
	r, err := supplement.NewKeyRing([]supplement.Key{{Version: "1.0", Encrypter: encrypter(t, "1.0")}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
