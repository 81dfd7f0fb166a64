package local

import (
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// State is what an operator decided of an account.
type State uint8

// The states. The zero State is Enabled.
const (
	Enabled  State = iota
	Disabled       // its logins are refused, with the right password too
	Removed        // it is as if there were no such account
)

var stateWords = [...]string{"enabled", "disabled", "removed"}

func (s State) String() string {
	if int(s) >= len(stateWords) {
		return "invalid"
	}
	return stateWords[s]
}

// Account is one customer or operator whom the local core lets log in.
type Account struct {
	Account      regulation.Account
	UserType     regulation.UserType
	PasswordHash string // argon2id in the PHC string form, never the password
	Created      time.Time
	Changed      time.Time
	State        State
	Unlocked     time.Time // when an operator last lifted this account's locks; zero if never
}
