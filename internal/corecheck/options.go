package corecheck

import (
	"context"
	"net"
	"time"
)

// What Options' zero values mean.
const (
	DefaultTimeout = 3 * time.Second
	DefaultQuiet   = 300 * time.Millisecond
	DefaultFrontID = 9001
)

// Options say whom to check and as whom.
type Options struct {
	// Dial connects to the core; over TLS the handshake is done.
	Dial func(ctx context.Context) (net.Conn, error)
	// Anonymous connects over TLS without a front's certificate; nil leaves its rule out.
	Anonymous func(ctx context.Context) (net.Conn, error)

	BrokerID string
	FrontID  int32 // the next one is used too; 0 for DefaultFrontID
	AppID    string
	Version  string // of the program

	Account, Password string
	// Restricted is an account that must change its password first; "" leaves its rules out.
	Restricted, RestrictedPassword string
	// RestrictedNew is a password that the account gets; "" leaves the rule out, and every password as it is.
	RestrictedNew string

	// Operator is an account of user type 2 that may trade for Customer once a terminal of that is reported (VisitOpen), and
	// CustomerRequest a request which names that customer and which the core answers by another code if none is; "" leaves its rule out.
	Operator, OperatorPassword string
	Customer                   string
	CustomerRequest            Request

	// Series is a flow of the account's that has messages today; 0 leaves its rules out.
	Series uint16

	Timeout time.Duration // for one answer; 0 for DefaultTimeout
	Quiet   time.Duration // how long nothing may come where nothing is to come; 0 for DefaultQuiet

	// Progress is told each rule before it runs; nil for none.
	Progress func(done, all int, rule string)
}

func (o Options) withDefaults() Options {
	if o.FrontID == 0 {
		o.FrontID = DefaultFrontID
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Quiet <= 0 {
		o.Quiet = DefaultQuiet
	}
	if o.Progress == nil {
		o.Progress = func(int, int, string) {}
	}
	return o
}
