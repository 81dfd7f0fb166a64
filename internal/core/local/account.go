package local

import (
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// Account is one customer or operator whom the local core lets log in.
type Account struct {
	Account      regulation.Account
	UserType     regulation.UserType
	PasswordHash string // argon2id in the PHC string form, never the password
	Created      time.Time
	Changed      time.Time
	Unlocked     time.Time // when an operator last lifted this account's locks; zero if never
}
