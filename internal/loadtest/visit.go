package loadtest

import (
	"time"

	"github.com/tradefront/tradefront/client"
)

// kind is what a visitor is.
type kind uint8

const (
	honest kind = iota
	wrongAuthCode
	wrongPassword
	notOurProtocol
	silent
	malformed // a message that breaks the rules of the framing
	slow      // a message of which one byte comes a second, and never the last
	kinds
)

// kindNames are the keys of result.Result.Hostile.
var kindNames = [kinds]string{"honest", "wrong_authcode", "wrong_password", "not_our_protocol", "silent", "malformed", "slow"}

// shutOut is the key of result.Result.Hostile of attackers that were told nothing of what they tried, since the front had enough of their
// address: closed before it said anything, or refused by codeSource.
const shutOut = "shut_out"

// What an attacker's visit ends with: codes of docs/errors.md, or closed without an answer.
const (
	codeAuthentication = 63
	codePassword       = 3
	codeLocked         = 75  // of the account, at this address, after wrong passwords
	codeSource         = 143 // of the address, after many
)

// mustGet reports whether a refusal by code is what this kind must get. Attackers without it must be closed without an answer.
func (k kind) mustGet(code int) bool {
	switch k {
	case wrongAuthCode:
		return code == codeAuthentication
	case wrongPassword:
		return code == codePassword || code == codeLocked
	}
	return false
}

func (k kind) mustBeClosed() bool {
	return k == notOurProtocol || k == silent || k == malformed || k == slow
}

// state is where a visit is.
type state uint8

const (
	unused state = iota
	connecting
	asking
	answering
	loggingIn
	staying
	leaving
	waiting // an attacker, for its end
)

// stateNames say in which step a visit failed.
var stateNames = map[state]string{
	connecting: "connect", asking: "challenge", answering: "authentication", loggingIn: "login", staying: "session", leaving: "logout",
	waiting: "attack",
}

// visit is one connection.
type visit struct {
	fd, slot       int32 // slot is its place in engine.visits
	generation     int32 // of the visits that had the place
	state          state
	kind           kind
	tries          uint16 // that it has come again
	account, login int32  // of the population; of the ciphertexts
	machine        client.Machine
	in             []byte     // of a frame that is not complete
	unsent         []byte     // what the socket did not take
	dialog         *dialog    // nil before its first order
	link           *relayLink // nil but of an operator relay that is logged in
	drip           []byte     // what a slow attacker has not sent
	// After the beginning of the run: when it was due, when it began, when its step began, when the terminal last sent.
	// heard is when the front was heard last.
	due, began, step, sent, heard time.Duration
}

// during is why a visit ended, with the step in which it did.
func (v *visit) during(why string) string { return why + ": " + stateNames[v.state] }
