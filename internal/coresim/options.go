package coresim

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/ftd"
)

// DefaultCoreID is what LinkAccept says; another one begins with it.
const DefaultCoreID = "core-sim"

// ALPN is the protocol that TLS negotiates.
const ALPN = "tradefront-core/1"

// Bounds, see the package comment.
const (
	MaxLinks      = 256
	MaxQueued     = 32 << 20
	MaxHistory    = 200_000
	MaxResting    = 100_000
	MaxRemembered = 4_000_000
	MaxMessage    = 256 << 10
	MaxVolume     = 99_999_999

	handshakeTimeout = 10 * time.Second
	tick             = 20 * time.Millisecond // how exact timers are
)

// Options say what a core-sim is. Zero values have defaults.
type Options struct {
	Accounts []Account

	CoreID     string        // DefaultCoreID
	Instance   string        // UUID; made by New
	Term       int32         // 1
	State      ftd.CoreState // CoreActive
	TradingDay string        // YYYYMMDD, required

	Heartbeat    time.Duration // 5 s, whole seconds
	Credit       int32         // business frames in a window that is filled up again; 0 is unlimited
	Grace        time.Duration // 10 s: sessions wait for a front that comes back
	Instrument   string        // "SIM2612", the book's only one
	MarketStatus time.Duration // how often a market status is broadcast; 0 never
	ReportedOnly bool          // an operator's order for a customer whose terminal is not reported is refused with 9

	// Crash is called by the command crash, when every connection is closed. nil: Serve returns ErrCrashed.
	Crash func()

	Logger *zap.Logger
	Now    func() time.Time
}

func (o *Options) complete() error {
	preset(&o.CoreID, DefaultCoreID)
	preset(&o.Instance, uuid.NewString())
	preset(&o.Term, 1)
	preset(&o.State, ftd.CoreActive)
	preset(&o.Heartbeat, 5*time.Second)
	preset(&o.Grace, 10*time.Second)
	preset(&o.Instrument, "SIM2612")
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o.check()
}

func preset[T comparable](item *T, byDefault T) {
	var none T
	if *item == none {
		*item = byDefault
	}
}

func (o *Options) check() error {
	if _, err := calendar.ParseTradingDay(o.TradingDay); err != nil {
		return fmt.Errorf("trading day: %w", err)
	}
	if _, err := uuid.Parse(o.Instance); err != nil {
		return fmt.Errorf("instance: %w", err)
	}
	switch {
	case !strings.HasPrefix(o.CoreID, DefaultCoreID) || len(o.CoreID) > 20:
		return fmt.Errorf("core ID %q: begin with %s, and write at most 20 bytes", o.CoreID, DefaultCoreID)
	case o.State != ftd.CoreActive && o.State != ftd.CoreStandby && o.State != ftd.CoreInitialising:
		return fmt.Errorf("state %q: want A, S or I", o.State)
	case o.Term < 1:
		return errors.New("term: want 1 or more")
	case o.Credit < 0:
		return errors.New("credit: want a number of frames, or 0 for unlimited")
	case o.Heartbeat < time.Second || o.Heartbeat > 999*time.Second || o.Heartbeat%time.Second != 0:
		return fmt.Errorf("heartbeat %v: want 1 to 999 whole seconds", o.Heartbeat)
	case len(o.Instrument) > 30:
		return fmt.Errorf("instrument %q: at most 30 bytes", o.Instrument)
	}
	return nil
}
