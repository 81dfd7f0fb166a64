package gateway

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/supplement"
	"github.com/tradefront/tradefront/test/keypair"
)

const (
	password = "pass-word-of-88888888"
	broker   = "9999"
	appID    = "client_xsb_1.0"
	account  = "88888888"
)

// noon is a Monday's; its trading day is 20260105.
var noon = time.Date(2026, 1, 5, 12, 0, 0, 123456789, regulation.Zone)

var home = session.Peer{SessionID: 77, Addr: netip.MustParseAddrPort("203.0.113.9:37768")}

// clock is set by hand; step is how far each reading of it moves it.
type clock struct {
	mu   sync.Mutex
	at   time.Time
	step time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(c.step)
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// fakeCore knows one password; verify overrides it. If hang is set, it returns that once ctx ends.
type fakeCore struct {
	verify   func(*core.Attempt) (core.User, error)
	hang     error
	mu       sync.Mutex
	attempts []core.Attempt // with a copy of the password
	lost     bool           // it goes away behind Verify
	aborted  []int32
	told     []ftd.ReasonCode // why
	openings []core.Opening
	open     func() (core.Session, error)
}

func (*fakeCore) RequestCode(int32, core.Terminal, []byte) reason.Reason {
	return reason.UnknownRequest
}

func (c *fakeCore) Alive(int32) bool { return !c.lost }

func (c *fakeCore) Abort(sessionID int32, why ftd.ReasonCode, _ string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.aborted, c.told = append(c.aborted, sessionID), append(c.told, why)
}

func (c *fakeCore) Open(o *core.Opening) (core.Session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.openings = append(c.openings, *o)
	if c.open != nil {
		return c.open()
	}
	return nil, nil
}

func (c *fakeCore) Verify(ctx context.Context, a *core.Attempt) (core.User, error) {
	if c.hang != nil {
		<-ctx.Done()
		return core.User{}, c.hang
	}
	kept := *a
	kept.Password = bytes.Clone(a.Password)
	c.mu.Lock()
	c.attempts = append(c.attempts, kept)
	c.mu.Unlock()
	if c.verify != nil {
		return c.verify(a)
	}
	if string(a.Password) != password {
		return core.User{}, &core.Refused{Reason: reason.WrongPassword}
	}
	return core.User{Account: a.Account, UserType: regulation.UserCustomer}, nil
}

// fakeRegistry gives the verdict that it was told.
type fakeRegistry struct {
	verdict  auth.Verdict
	kinds    map[string]auth.AppType // of AppIDs that Kind knows
	disabled map[string]bool
	bound    auth.Verdict // of AdmitsFrom and AdmitsLogin

	mu    sync.Mutex
	asked []string // the accounts that AdmitsLogin was asked about while it refuses
}

func (r *fakeRegistry) AdmitsFrom([]byte, netip.Addr) auth.Verdict { return r.bound }

func (r *fakeRegistry) AdmitsLogin(_, account []byte, _ netip.Addr) auth.Verdict {
	if r.bound != auth.OK {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.asked = append(r.asked, string(account))
	}
	return r.bound
}

func (r *fakeRegistry) Verify(id []byte, _ *auth.Challenge, _ *[auth.ChallengeLen]byte) auth.Result {
	result := auth.Result{Verdict: r.verdict, Type: auth.AppDirect, Slot: auth.Previous}
	if kind, known := r.kinds[string(id)]; known {
		result.Type = kind
	}
	if r.verdict == auth.WrongAnswer {
		result.RightBlocks = 3
	}
	return result
}

func (r *fakeRegistry) Kind(id []byte) (auth.AppType, bool, bool) {
	kind, known := r.kinds[string(id)]
	return kind, known && !r.disabled[string(id)], known
}

// fakeLog keeps what was appended; fail overrides that. If hang is set, it returns that once ctx
// ends.
type fakeLog struct {
	fail    func() error
	hang    error
	mu      sync.Mutex
	records []store.Record
	seen    func()                                   // called before each append
	earlier *store.Earlier                           // of each submission that comes again
	found   func(first *store.Record) *store.Earlier // or this one, of what came first of all
}

func (l *fakeLog) Append(ctx context.Context, rec *store.Record) error {
	if l.hang != nil {
		<-ctx.Done()
		return l.hang
	}
	if l.seen != nil {
		l.seen()
	}
	if l.fail != nil {
		return l.fail()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records = append(l.records, *rec)
	return nil
}

// Submit says of one that is said to come again that it was there.
func (l *fakeLog) Submit(ctx context.Context, rec *store.Record, again bool) (*store.Earlier, error) {
	if err := l.Append(ctx, rec); err != nil || !again {
		return nil, err
	}
	if l.found != nil {
		return l.found(&l.records[0]), nil
	}
	return l.earlier, nil
}

// fakeAudit keeps the lines. While it hangs none is written.
type fakeAudit struct {
	hang    bool
	mu      sync.Mutex
	entries []logs.Entry
}

func (a *fakeAudit) LogWritten(ctx context.Context, e logs.Entry) error {
	if a.hang {
		<-ctx.Done()
		return ctx.Err()
	}
	a.Log(e)
	return nil
}

func (a *fakeAudit) Log(e logs.Entry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.entries = append(a.entries, e)
}

// counts is an Observer.
type counts struct {
	mu                               sync.Mutex
	authenticated, loggedIn, flagged map[string]int
	codes                            map[string]int
	apps                             map[string]int
	stages                           map[string]int
	from                             map[string]int
	submitted                        map[string]int
}

func (c *counts) count(m *map[string]int, word string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if *m == nil {
		*m = make(map[string]int)
	}
	(*m)[word]++
}

func (c *counts) Authenticated(reason string) { c.count(&c.authenticated, reason) }
func (c *counts) CodeUsed(slot string)        { c.count(&c.codes, slot) }
func (c *counts) LoggedIn(reason string)      { c.count(&c.loggedIn, reason) }
func (c *counts) AppAuthenticated(appID, reason string, registered bool) {
	c.count(&c.apps, fmt.Sprint("authenticate ", appID, " ", reason, " ", registered))
}

func (c *counts) AppLoggedIn(appID, reason string, registered bool) {
	c.count(&c.apps, fmt.Sprint("login ", appID, " ", reason, " ", registered))
}

func (c *counts) Flagged(flag string, submitted bool) {
	c.count(&c.flagged, flag)
	c.count(&c.submitted, fmt.Sprint(submitted))
}

func (c *counts) CameFrom(client, proxy netip.Addr, account string) {
	c.count(&c.from, fmt.Sprint(account, " at ", client, " by ", proxy))
}
func (c *counts) Stage(stage string, _ time.Duration) { c.count(&c.stages, stage) }

// house is a gateway among fakes; only calendar and encryption are real.
type house struct {
	*Gateway
	t        *testing.T
	core     *fakeCore
	registry *fakeRegistry
	log      *fakeLog
	audit    *fakeAudit
	counts   *counts
	clock    *clock
	appLog   *bytes.Buffer
}

// setup is what a test can change of a house before its gateway is made.
type setup struct {
	Options
	Policy
	Parts
}

func newHouse(t *testing.T, change func(*setup)) *house {
	t.Helper()
	h := &house{
		t: t, core: &fakeCore{}, registry: &fakeRegistry{}, log: &fakeLog{}, audit: &fakeAudit{},
		counts: &counts{}, clock: &clock{at: noon}, appLog: new(bytes.Buffer),
	}
	logger := logs.NewLogger(zap.NewAtomicLevelAt(zap.DebugLevel), h.appLog)
	s := setup{
		Options{Firm: Firm{BrokerID: broker, VendorID: "TF01", SystemName: "测试前置", FrontID: 3}},
		Policy{Keys: houseRing(t), Calendar: tradingDays(t)},
		Parts{
			Core: h.core, Registry: h.registry,
			Recorder: h.log, Audit: h.audit, Observer: h.counts, Logger: logger, Now: h.clock.now,
		},
	}
	if change != nil {
		change(&s)
	}
	h.Gateway = New(s.Options, s.Policy, s.Parts)
	return h
}

func tradingDays(t testing.TB) *calendar.Calendar {
	t.Helper()
	c, err := calendar.Parse(configs.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// privateKeys are the monitoring centre's halves. Each version has a pair of its own, so
// that a supplement under the wrong key does not open.
var privateKeys = sync.OnceValue(func() map[string]*rsa.PrivateKey {
	keys := make(map[string]*rsa.PrivateKey)
	for i, version := range []string{"0.9", "1.0", "2.0", "3.0"} {
		keys[version] = keypair.RSA(i).RSA
	}
	return keys
})

// useKeys gives the gateway another ring, as a reload does.
func (h *house) useKeys(ring *supplement.KeyRing) {
	policy := *h.Policy()
	policy.Keys = ring
	h.SetPolicy(policy)
}

// houseRing has an expired key, two valid ones (2.0 is the newest), and one of tomorrow.
func houseRing(t testing.TB) *supplement.KeyRing {
	t.Helper()
	r, err := supplement.NewKeyRing([]supplement.Key{
		{Version: "0.9", NotAfter: noon, Encrypter: encrypter(t, "0.9")},
		{Version: "1.0", NotAfter: noon.AddDate(0, 0, 1), Encrypter: encrypter(t, "1.0")},
		{Version: "2.0", NotBefore: noon, Encrypter: encrypter(t, "2.0")},
		{Version: "3.0", NotBefore: noon.AddDate(0, 0, 1), Encrypter: encrypter(t, "3.0")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func encrypter(t testing.TB, version string) supplement.Encrypter {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&privateKeys()[version].PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	e, err := supplement.ParsePublicKey(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// expiredRing has no key that is valid at noon.
func expiredRing(t testing.TB) *supplement.KeyRing {
	t.Helper()
	r, err := supplement.NewKeyRing([]supplement.Key{{Version: "0.9", NotAfter: noon, Encrypter: encrypter(t, "0.9")}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// attempt is an honest login; its ciphertext's content does not matter here.
func attempt() session.LoginAttempt {
	return session.LoginAttempt{
		AppID: []byte(appID), UserID: []byte(account), Password: []byte(password),
		Terminal: session.TerminalInfo{KeyVersion: []byte("1.0"), Flag: '0', Ciphertext: bytes.Repeat([]byte{0, '@', 10, 0xFF}, 64)},
	}
}
