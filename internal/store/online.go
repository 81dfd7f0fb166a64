package store

import "github.com/tradefront/tradefront/internal/regulation"

// Online is what a front says of the sessions of one account.
type Online struct {
	Account regulation.Account
	Held    int32 // sessions that it has at this front
	Asked   int32 // more that logins ask for
}
