package client

import "time"

// RelayEventKind is what happened to a Relay.
type RelayEventKind uint8

// The kinds. After RelayTerminalRefused and RelayTerminalExit the terminal is not live any more: its relay ends it.
const (
	RelayUp               RelayEventKind = iota + 1 // a front took the login: Addr, Login
	RelayDown                                       // the connection ended: Addr, Err. Terminals stay live
	RelayUnreachable                                // an attempt failed, another follows: Addr, Err
	RelayRefused                                    // Addr refused the relay for good: Err. It is not tried again
	RelayEnded                                      // no address is left: Err is *EndedError, and Submit fails
	RelayTerminalReported                           // a live terminal was reported again: Terminal, Receipt
	RelayTerminalRefused                            // a front does not take a live terminal: Terminal, Err is *Error
	RelayTerminalExit                               // the front ends a live terminal: Terminal, Err is *ForceExit
	RelayRests                                      // the firm does not admit the relay at Addr: Err. It is tried again after RetryIn
)

// RelayEvent is what happened to a Relay.
type RelayEvent struct {
	Kind     RelayEventKind
	Addr     string
	Login    LoginResult // of RelayUp, with the front's Terms
	Err      error
	RetryIn  time.Duration // of RelayRests
	Terminal SubmitID      // the terminal's name, as Submit's Receipt had it
	Receipt  Receipt       // of RelayTerminalReported: another record, with another SubmitID
}
