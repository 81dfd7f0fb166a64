package gateway

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/supplement"
	"github.com/tradefront/tradefront/internal/supplement/testkey"
	"github.com/tradefront/tradefront/test/keypair"
)

// pair is a test key pair: the front gets the public half.
type pair struct {
	public  *supplement.PublicKey
	private testkey.Decrypter
}

func newRSA(t *testing.T) pair { return parsePair(t, keypair.RSA(0)) }

func newSM2(t *testing.T) pair { return parsePair(t, keypair.SM2(0)) }

func parsePair(t *testing.T, made *keypair.Pair) (p pair) {
	t.Helper()
	var err error
	if p.public, err = supplement.ParsePublicKey(made.Public); err != nil {
		t.Fatal(err)
	}
	if p.private, err = testkey.Parse(made.Private); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p pair) version(version string, notBefore, notAfter time.Time) supplement.Key {
	return supplement.Key{
		Version: version, NotBefore: notBefore, NotAfter: notAfter, Encrypter: p.public.Encrypter, Info: p.public.Info,
	}
}

// rooms are the rooms that a login walks through, as simple as they can be.
type rooms struct {
	now time.Time // the clock of the gateway

	mu       sync.Mutex
	stored   []*store.Record
	entries  []logs.Entry
	onVerify func() // runs while the core is asked
	onAppend func() // runs while the record is made durable
}

func (r *rooms) Verify(context.Context, *core.Attempt) (core.User, error) {
	if r.onVerify != nil {
		r.onVerify()
	}
	return core.User{Account: "88888888", UserType: regulation.UserCustomer}, nil
}

func (*rooms) RequestCode(int32, core.Terminal, []byte) reason.Reason { return reason.UnknownRequest }

func (*rooms) Alive(int32) bool { return true }

func (*rooms) Abort(int32, ftd.ReasonCode, string) {}

func (*rooms) Open(*core.Opening) (core.Session, error) { return nil, nil }

func (r *rooms) Append(_ context.Context, rec *store.Record) error {
	if r.onAppend != nil {
		r.onAppend()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stored = append(r.stored, rec)
	return nil
}

func (r *rooms) Submit(ctx context.Context, rec *store.Record, _ bool) (*store.Earlier, error) {
	return nil, r.Append(ctx, rec)
}

func (r *rooms) LogWritten(_ context.Context, e logs.Entry) error {
	r.Log(e)
	return nil
}

func (r *rooms) Log(e logs.Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, e)
}

// silent counts nothing.
type silent struct{}

func (silent) Authenticated(string)               {}
func (silent) CodeUsed(string)                    {}
func (silent) LoggedIn(string)                    {}
func (silent) Flagged(string, bool)               {}
func (silent) Stage(string, time.Duration)        {}
func (silent) CameFrom(_, _ netip.Addr, _ string) {}

func newGateway(t *testing.T, keys ...supplement.Key) (*Gateway, *rooms) {
	t.Helper()
	r := &rooms{}
	cal, err := calendar.Parse(configs.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	return New(Options{Firm: Firm{BrokerID: "9999", VendorID: "TF01", FrontID: 1}}, Policy{Keys: ring(t, keys...), Calendar: cal}, Parts{
		Core: r, Registry: &fakeRegistry{}, Recorder: r, Audit: r, Observer: silent{},
		Logger: zap.NewNop(), Now: func() time.Time { return r.now },
	}), r
}

func ring(t *testing.T, keys ...supplement.Key) *supplement.KeyRing {
	t.Helper()
	ring, err := supplement.NewKeyRing(keys)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// logIn is a login of a terminal that names that key version, and what of it was recorded,
// nil if nothing was.
func (r *rooms) logIn(g *Gateway, version string, ciphertext []byte) (session.Outcome, *store.Record) {
	before := len(r.stored)
	outcome := enter(g, version, ciphertext)
	if len(r.stored) == before {
		return outcome, nil
	}
	return outcome, r.stored[len(r.stored)-1]
}

func enter(g *Gateway, version string, ciphertext []byte) session.Outcome {
	peer := session.Peer{SessionID: 1, Addr: netip.MustParseAddrPort("203.0.113.7:50123")}
	return g.Login(context.Background(), peer, &session.LoginAttempt{
		AppID: []byte("client_xsb_1.0"), UserID: []byte("88888888"), Password: []byte("secret"),
		Terminal: session.TerminalInfo{KeyVersion: []byte(version), Flag: '0', Ciphertext: ciphertext},
	})
}

// opened is the supplement string of a record; "" if the key does not open it.
func (p pair) opened(rec *store.Record) string {
	text, err := p.private.Decrypt(rec.Supplement)
	if err != nil {
		return ""
	}
	return string(text)
}
