package link

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"math/rand/v2"
	"net"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/calendar"
)

// ALPN is the protocol that both sides of a link over TLS must name.
const ALPN = "tradefront-core/1"

// What Options' zero values mean.
const (
	DefaultVerifyTimeout  = 3 * time.Second
	DefaultFailoverSpread = 30 * time.Second
	DefaultGrace          = 10 * time.Second
	DefaultWait           = time.Second
	DefaultQueueBytes     = 8 << 20
	DefaultQueueLow       = 2 << 20
	DefaultMaxSessions    = 100_000
)

// maxSessionsOfWire is what LinkIdentity's MaxSessions (n6) holds.
const maxSessionsOfWire = 999_999

// Endpoint is where a core listens.
type Endpoint struct {
	Network string      // "tcp" or "unix"
	Address string      // host:port or a path
	TLS     *tls.Config // nil: plain. TLS 1.3, ALPN and, if it names none, the server's name are added
	// Roots, if it is given, is asked before each handshake for the authorities to believe, instead of those of TLS.
	Roots func() (*x509.CertPool, error)
}

func (e Endpoint) String() string {
	if e.Network == "unix" {
		return "unix:" + e.Address
	}
	return e.Address
}

// Options are what a Link is made of. Zero values of durations and bounds mean the defaults; a negative Grace or
// FailoverSpread means none.
type Options struct {
	Endpoints   []Endpoint
	FrontID     int32
	BrokerID    string
	Version     string // of the program, at most 20 bytes
	Process     string // UUID of this start; made by New if empty
	MaxSessions int    // at most 999,999
	Business    bool   // false: the core verifies logins and takes no business messages

	VerifyTimeout  time.Duration // for the answer to SessionVerify and to SessionResume
	FailoverSpread time.Duration // over which terminals are sent away after the core went
	Grace          time.Duration // for which sessions wait for a core that resumes them
	Wait           time.Duration // for which Session.Wait holds terminals back

	QueueBytes int // that the core has not read yet
	QueueLow   int // above which Session.Wait holds terminals back

	TradingDay func() calendar.TradingDay // what the calendar says now; nil: the core's is not compared
	Observer   Observer                   // nil: none
	Logger     *zap.Logger                // nil: none
	Now        func() time.Time           // the clock of Status and of answers' TimeStamp, and of no duration; nil: time.Now
	// Random is what pauses and the order of exits are drawn from, by several goroutines at once; nil: the runtime's.
	Random rand.Source
	// Dial opens a connection, without TLS; nil: a net.Dialer.
	Dial func(ctx context.Context, e Endpoint) (net.Conn, error)
}

func (o *Options) fill() {
	orDefault(&o.VerifyTimeout, DefaultVerifyTimeout)
	orDefault(&o.FailoverSpread, DefaultFailoverSpread)
	orDefault(&o.Grace, DefaultGrace)
	orDefault(&o.Wait, DefaultWait)
	orDefault(&o.QueueBytes, DefaultQueueBytes)
	orDefault(&o.QueueLow, DefaultQueueLow)
	orDefault(&o.MaxSessions, DefaultMaxSessions)
	o.MaxSessions = min(o.MaxSessions, maxSessionsOfWire)
	o.QueueLow = min(o.QueueLow, o.QueueBytes)
	if o.Process == "" {
		o.Process = uuid.NewString()
	}
	if o.Observer == nil {
		o.Observer = noObserver{}
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = runtimeSource{}
	}
	if o.Dial == nil {
		o.Dial = dial
	}
}

// runtimeSource is the runtime's source of random numbers.
type runtimeSource struct{}

func (runtimeSource) Uint64() uint64 { return rand.Uint64() } //nolint:gosec // a jitter is no secret

func orDefault[T time.Duration | int](v *T, otherwise T) {
	if *v == 0 {
		*v = otherwise
	}
	*v = max(*v, 0)
}

func dial(ctx context.Context, e Endpoint) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, e.Network, e.Address)
}
