package gateway

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
)

// Registry knows the terminal software that the firm has admitted.
type Registry interface {
	Verify(appID []byte, ch *auth.Challenge, answer *[auth.ChallengeLen]byte) auth.Result
	// Kind is what it knows of an AppID that an authenticated relay names.
	Kind(appID []byte) (t auth.AppType, enabled, known bool)
	// AdmitsFrom and AdmitsLogin say what an AppID that is bound may do: see auth.Binding.
	AdmitsFrom(appID []byte, addr netip.Addr) auth.Verdict
	AdmitsLogin(appID, account []byte, addr netip.Addr) auth.Verdict
}

// Recorder makes a record durable before it returns nil. After store.ErrUnconfirmed the record
// is there, after store.ErrInDoubt it may be; every other error means that nothing was
// recorded. Append returns soon after ctx ends. It may then still read rec.
type Recorder interface {
	Append(ctx context.Context, rec *store.Record) error
	// Submit is Append of a submission, and says what was recorded of it before, nil if it is the first. again is whether
	// its relay says that it sent it before.
	Submit(ctx context.Context, rec *store.Record, again bool) (earlier *store.Earlier, err error)
}

// Audit takes one entry for each decision.
type Audit interface {
	// Log does not wait: event loops call it.
	Log(e logs.Entry)
	// LogWritten returns when the operating system has the entry, or ctx ends.
	LogWritten(ctx context.Context, e logs.Entry) error
}

// auditPatience is how long the answer to an accepted login waits for its audit line to be
// written, beyond Options.LoginWork if that is used up. It is microseconds as a rule; with a
// disk that hangs the login is answered all the same, for its record is stored.
const auditPatience = time.Second

// Observer counts.
type Observer interface {
	Authenticated(reason string)
	CodeUsed(slot string) // of an AppID that was admitted
	LoggedIn(reason string)
	Flagged(flag string, submitted bool) // of a recorded login; submitted: it was an operator relay that reported it
	CameFrom(client, proxy netip.Addr, account string)
	Stage(stage string, d time.Duration)
}

// The stages of a login that Observer.Stage is told of.
const (
	StageQueue   = "queue"   // from the frame to the start of the work
	StageVerify  = "verify"  // the password
	StageEncrypt = "encrypt" // the supplement
	StageStore   = "store"   // until it is durable
	StageTotal   = "total"   // from the frame to the answer
)

// Stages are all of them, for what starts their counts at zero.
func Stages() []string {
	return []string{StageQueue, StageVerify, StageEncrypt, StageStore, StageTotal}
}

// AppObserver is an Observer that counts by AppID too. registered says that the firm knows it: any other is what a peer made up.
type AppObserver interface {
	AppAuthenticated(appID, reason string, registered bool)
	AppLoggedIn(appID, reason string, registered bool)
}

// noAppObserver counts nothing.
type noAppObserver struct{}

func (noAppObserver) AppAuthenticated(string, string, bool) {}
func (noAppObserver) AppLoggedIn(string, string, bool)      {}

// Firm is who we are in the records.
type Firm struct {
	BrokerID   string
	VendorID   string
	SystemName string
	FrontID    int32
}

// Options are the firm's choices that stay while the front runs; Policy has the others.
type Options struct {
	Firm            Firm
	SessionsPerUser int // 0 for no bound; at all fronts with Parts.AllFronts
	SeenTerminals   int // terminal ciphertexts that are remembered; 0 for none
	// LoginWork is how long a login may take from its start to the fate of its record, timers.login_work;
	// 0 for no bound.
	LoginWork time.Duration
	// TellLastLogin tells a customer when and from where the account logged in last at this front: where no trading core knows.
	TellLastLogin bool
	Relay         RelayOptions // until SetRelay replaces them
}

// Gateway authenticates and logs in. It is safe for concurrent use; make it with New.
type Gateway struct {
	opt      Options
	core     core.Core
	registry Registry
	policy   atomic.Pointer[Policy]
	relaying atomic.Pointer[RelayOptions]
	recorder Recorder
	audit    Audit
	observer Observer
	logger   *zap.Logger
	now      func() time.Time

	malformed *logs.MalformedLog

	relays        *relay.Table
	relayObserver RelayObserver
	appObserver   AppObserver
	known         knower // nil if the core cannot be asked
	links         relayLinks
	barred        atomic.Bool // see Barred

	online     online
	loginRates loginRates
	lastLogins lastLogins
	codes      codeRates
	replays    replays
	references *References
	addresses  atomic.Pointer[AddressSealer]
}

// knower is a core that can be asked whether there is an account: the local core. A trading core, over its link, cannot.
type knower interface {
	Known(account []byte) (known, disabled bool)
}

// Parts are what a login goes through.
type Parts struct {
	Core     core.Core
	Registry Registry
	Recorder Recorder
	Audit    Audit
	Observer Observer     // if it is a RelayObserver or an AppObserver too, that is used
	Relays   *relay.Table // nil for none
	// AllFronts counts sessions over all fronts; nil where each counts its own, or a trading core all.
	AllFronts AllFronts
	// Addresses seals where relays were; nil for none, and an answer to a submission that is sent again may then lack it.
	Addresses AddressSealer
	Logger    *zap.Logger
	Now       func() time.Time // nil for time.Now
}

// New puts a gateway together. policy holds until SetPolicy replaces it.
func New(opt Options, policy Policy, p Parts) *Gateway {
	g := &Gateway{
		opt: opt, core: p.Core, registry: p.Registry,
		recorder: p.Recorder, audit: p.Audit, observer: p.Observer, logger: p.Logger, now: p.Now,
		online: online{limit: opt.SessionsPerUser, fronts: p.AllFronts}, loginRates: newLoginRates(), lastLogins: lastLogins{bound: maxLastLogins},
		codes: newCodeRates(), replays: replays{bound: opt.SeenTerminals}, references: NewReferences(),
	}
	g.malformed = logs.NewMalformedLog(p.Logger)
	g.relays, g.relayObserver = p.Relays, noRelayObserver{}
	if o, is := p.Observer.(RelayObserver); is {
		g.relayObserver = o
	}
	g.appObserver = noAppObserver{}
	if o, is := p.Observer.(AppObserver); is {
		g.appObserver = o
	}
	g.known, _ = p.Core.(knower)
	g.SetPolicy(policy)
	g.SetRelay(opt.Relay)
	g.SetAddressSealer(p.Addresses)
	if g.now == nil {
		g.now = time.Now
	}
	return g
}

// Online is how many sessions are logged in.
func (g *Gateway) Online() int { return g.online.total() }

// Resumed counts a session whose login another process answered.
func (g *Gateway) Resumed(account regulation.Account) { g.online.resume(account) }

// Ended takes a session out whose login was answered.
func (g *Gateway) Ended(peer session.Peer, userID []byte, why reason.Close) {
	g.online.remove(regulation.Account(userID))
	if peer.Relays {
		g.endedRelay(peer, userID, why)
	}
}

// Unanswered notes a login, or a submission, whose outcome found no terminal any more. An accepted one
// stays recorded; reconciliation lists it as stored and not answered.
func (g *Gateway) Unanswered(peer session.Peer, outcome session.Outcome) {
	if outcome.Session != nil {
		outcome.Session.Close(ftd.ReasonGone, "the terminal had gone before its login was answered")
	}
	if !outcome.Reason.Accepted() {
		return // refused, and no terminal left to tell
	}
	e := g.entry(peer, logs.EventUnanswered, reason.OK)
	if s := outcome.Submitted; s != nil {
		e.RecordID, e.Account, e.RelayAppID = s.RecordID, string(s.Account), string(s.Via.AppID)
		e.RelayMode = string(rune(operatorRelay))
	} else {
		receipt := outcome.Receipt
		g.online.remove(receipt.Account)
		e.RecordID, e.Account = receipt.RecordID, string(receipt.Account)
		if receipt.Terms != nil { // an operator relay's own login, which may have no record
			e.RelayMode = string(rune(operatorRelay))
		}
	}
	e.Time = g.now()
	g.audit.Log(e)
}

// NotifyDecision writes down what the session or the front decided by itself: a refusal, or OK
// for a logout. item is that of an illegal_field.
func (g *Gateway) NotifyDecision(
	peer session.Peer, op session.Op, why reason.Reason, item string, appID, userID []byte,
) session.Outcome {
	switch op {
	case session.OpAuthenticate:
		g.observer.Authenticated(why.String())
		g.appObserver.AppAuthenticated(string(appID), why.String(), g.registered(appID))
	case session.OpLogin:
		g.observer.LoggedIn(why.String())
		g.appObserver.AppLoggedIn(string(appID), why.String(), g.registered(appID))
	}
	e := g.entry(peer, op.String(), why)
	e.Item, e.AppID, e.Account = item, string(appID), string(userID)
	return g.decide(&e, why)
}

// registered reports whether the firm knows an AppID.
func (g *Gateway) registered(appID []byte) bool {
	_, _, known := g.registry.Kind(appID)
	return known
}

// NoteMalformed writes down why a connection was closed without an answer; fault is a word of
// ftd.Fault. The terminal is told nothing; the application log has the reference, which leads to the audit log's line.
func (g *Gateway) NoteMalformed(peer session.Peer, fault string, appID, userID []byte) {
	e := g.entry(peer, logs.EventMalformed, reason.OK)
	e.AppID, e.Account = string(appID), string(userID)
	g.noteUnanswered(e, fault)
}

// NoteProxyHeader is part of dialogue.Handler.
func (g *Gateway) NoteProxyHeader(peer session.Peer, why string) {
	g.noteUnanswered(g.entry(peer, logs.EventProxyHeader, reason.OK), why)
}

// noteUnanswered writes the line of a connection that is closed without an answer, into both logs.
func (g *Gateway) noteUnanswered(e logs.Entry, why string) {
	e.Reason = why
	ref := g.references.Next()
	e.Ref = string(ref[:])
	e.Time = g.now()
	g.audit.Log(e)
	g.malformed.Note(&e)
}

// entry begins an audit line.
func (g *Gateway) entry(peer session.Peer, event string, why reason.Reason) (e logs.Entry) {
	g.begin(&e, peer, event, why)
	return e
}

// begin is entry in place: an Entry has 700 bytes, and a login's stack is bounded (package growstack).
func (g *Gateway) begin(e *logs.Entry, peer session.Peer, event string, why reason.Reason) {
	e.Event, e.Reason, e.Code = event, why.String(), why.Code()
	e.FrontID, e.SessionID, e.Proxy = g.opt.Firm.FrontID, peer.SessionID, peer.Proxy
	if peer.Addr.IsValid() {
		e.Address, e.Port = peer.Addr.Addr(), peer.Addr.Port()
	}
}

// decide writes the line and makes the outcome of it; a refusal gets its reference.
func (g *Gateway) decide(e *logs.Entry, why reason.Reason) session.Outcome {
	outcome := session.Outcome{Reason: why}
	if why != reason.OK {
		outcome.Ref = g.references.Next()
		e.Ref = string(outcome.Ref[:])
	}
	e.Time = g.now()
	g.audit.Log(*e)
	return outcome
}
