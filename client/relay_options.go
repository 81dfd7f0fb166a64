package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Bounds and times of a Relay.
const (
	DefaultMaxTerminals = 100_000         // live terminals and waiting submissions together
	DefaultDownGrace    = 2 * time.Second // how long Submit waits for a connection that is not there
	DefaultLoginTimeout = 30 * time.Second
	DefaultRefusedRetry = 30 * time.Second // until a front is asked again that did not admit the relay
	SubmitIDLife        = 10 * time.Minute // then a submission that a front may have is no longer sent again

	maxWriteLen = 64 << 10 // bytes of submissions that are written at once
	maxEnds     = 256      // unanswered TerminalEnds
)

// Resubmit is what a Relay reports again after it connected again. What was not answered is always sent again.
type Resubmit uint8

// The two ways.
const (
	ResubmitLive       Resubmit = iota // each live terminal, by a submission of its own
	ResubmitUnanswered                 // only what was not answered; live terminals are then unknown to the front
)

// RelayOptions is how a Relay connects and what it may hold. Addresses, Identity, AuthCode and Login are needed.
type RelayOptions struct {
	Addresses []string // host:port of the fronts, in the order of preference
	Identity  Identity // the RelayAppID
	AuthCode  string   // of the RelayAppID; kept until Close, since each connection authenticates
	// ReadAuthCode, if it is not nil, is asked for each connection instead: a code that the firm changed is then in
	// force without another Relay. Its error is as a connection that failed.
	ReadAuthCode func(context.Context) (string, error)

	// Login is the operator's, with the terminal information of the relay's own machine.
	Login LoginRequest
	// BeforeLogin, if it is not nil, may change a copy of Login before each login: a front flags terminal
	// information that comes twice, so collect it again. Its error is as a connection that failed.
	BeforeLogin func(context.Context, *LoginRequest) error

	Resubmit Resubmit

	// Window, Rate and Burst are bounds of this side; those of the front hold if they are lower. 0 for the front's.
	Window, Rate, Burst int

	MaxTerminals int           // 0 for DefaultMaxTerminals
	DownGrace    time.Duration // 0 for DefaultDownGrace; below 0 for none
	LoginTimeout time.Duration // from connecting to logged in; 0 for DefaultLoginTimeout

	// RefusedRetry is after how long at the latest a front is asked again that did not admit the relay (63), or ended its
	// session by order of the firm; after twice as long the next time, 10 minutes at most. 0 for DefaultRefusedRetry; below
	// 0 for never: such a front is then as one that refused the operator's login.
	RefusedRetry time.Duration

	// OnEvent is called for each event, one at a time and in their order, on goroutines of the Relay: it must not
	// wait, and may call End and Stats, no other method. nil for none.
	OnEvent func(RelayEvent)

	Dial []Option // of each connection, WithDialFunc for TLS among them; not WithConn
}

// complete sets what has a default, and finds what is wrong with an option.
func (o *RelayOptions) complete() error {
	switch {
	case len(o.Addresses) == 0:
		return errors.New("client: a relay needs the address of a front")
	case o.ReadAuthCode == nil && len(o.AuthCode) != AuthCodeLen:
		return fmt.Errorf("client: authcode is %d bytes, want %d", len(o.AuthCode), AuthCodeLen)
	case o.Resubmit > ResubmitUnanswered:
		return fmt.Errorf("client: resubmit %d, want ResubmitLive or ResubmitUnanswered", o.Resubmit)
	case o.Window < 0 || o.Rate < 0 || o.Burst < 0 || o.MaxTerminals < 0:
		return errors.New("client: a bound of a relay is below 0")
	}
	o.Addresses = slices.Clone(o.Addresses)
	o.MaxTerminals = orDefault(o.MaxTerminals, DefaultMaxTerminals)
	o.DownGrace = max(orDefault(o.DownGrace, DefaultDownGrace), 0)
	o.LoginTimeout = orDefault(o.LoginTimeout, DefaultLoginTimeout)
	o.RefusedRetry = orDefault(o.RefusedRetry, DefaultRefusedRetry)
	return o.checkLogin()
}

// checkLogin finds what cannot be sent before anything is.
func (o *RelayOptions) checkLogin() error {
	var m Machine
	if _, err := m.AppendAsk(nil, &o.Identity); err != nil {
		return err
	}
	m = Machine{}
	_, err := m.AppendLogin(nil, &o.Login)
	return err
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
