package agent

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/gateway"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/supplement"
)

// Options are what an Agent is told.
type Options struct {
	BrokerID   string
	SystemName string // of an operator agent's answers
	AgentID    int32  // front_id of its audit lines and of an operator agent's answers
	Operator   bool   // one connection for all terminals; else one each
	Chained    bool   // relays of the same mode may come below this one
	ExitsBelow bool   // operator: relays below are told that one of their terminals is to go

	Addresses      []string // of the fronts
	Identity       client.Identity
	AuthCode       func() (string, error) // of Identity.AppID; asked for each connection of an investor agent
	ConnectTimeout time.Duration          // from connecting to the answer to the login
	LoginWork      time.Duration          // of a whole login; 0 for no bound
	QueueBytes     int                    // that one terminal's messages may wait in
	SeenTerminals  int                    // ciphertexts that are remembered of a day; 0 for none

	Grace      time.Duration // operator: how long terminals stay without a front
	ExitSpread time.Duration // over which terminals are sent away
}

// Registry knows the terminal software that may connect.
type Registry interface {
	Verify(appID []byte, ch *auth.Challenge, answer *[auth.ChallengeLen]byte) auth.Result
}

// Relay is an operator agent's way to the fronts; *client.Relay is one.
type Relay interface {
	Submit(ctx context.Context, s client.Submission) (client.Receipt, error)
	End(name client.SubmitID)
	Stats() client.RelayStats
}

// Parts are what a login goes through.
type Parts struct {
	Registry Registry
	Keys     *supplement.KeyRing // versions and lengths; see Versions
	Core     core.Core           // operator only
	Audit    gateway.Audit
	Observer gateway.Observer
	Logger   *zap.Logger
	Now      func() time.Time                                                     // nil for time.Now
	Dial     func(ctx context.Context, network, address string) (net.Conn, error) // nil for a net.Dialer
}

// Agent handles terminals' dialogues. It is safe for concurrent use; make it with New.
type Agent struct {
	opt        Options
	parts      Parts
	keys       atomic.Pointer[supplement.KeyRing]
	references *gateway.References
	malformed  *logs.MalformedLog
	relay      Relay // set once, by Use, before the first login
	seen       seen
	visits     visits
	fronts     fronts
	clock      skew
	day        atomic.Int64 // the trading day that a front said last

	draining atomic.Bool
	grace    struct {
		sync.Mutex
		timer *time.Timer   // runs, or has run and no front came since; nil else
		over  chan struct{} // closed when a front is there again
	}
	work   sync.WaitGroup
	ctx    context.Context
	cancel context.CancelFunc
}

// New makes an Agent. An operator agent needs Use as well.
func New(opt Options, parts Parts) *Agent {
	a := &Agent{opt: opt, parts: parts, references: gateway.NewReferences(), malformed: logs.NewMalformedLog(parts.Logger), seen: seen{bound: opt.SeenTerminals}}
	if a.parts.Now == nil {
		a.parts.Now = time.Now
	}
	if a.parts.Dial == nil {
		a.parts.Dial = new(net.Dialer).DialContext
	}
	a.keys.Store(parts.Keys)
	a.ctx, a.cancel = context.WithCancel(context.Background())
	return a
}

// Use gives an operator agent its way to the fronts, whose events go to RelayEvent.
func (a *Agent) Use(relay Relay) { a.relay = relay }

// SetKeys replaces the key versions.
func (a *Agent) SetKeys(ring *supplement.KeyRing) { a.keys.Store(ring) }

// Online is how many terminals are logged in.
func (a *Agent) Online() int { return a.visits.len() }

// Close ends what runs in the background. Terminals have left.
func (a *Agent) Close() {
	a.cancel()
	a.stopGrace()
	a.work.Wait()
}
