package store

import (
	"time"

	"github.com/google/uuid"
)

// Action is what an operator changed by a command. It holds no secret.
type Action struct {
	ID       uuid.UUID // version 7
	At       time.Time // kept to the microsecond
	User     string    // of the operating system, under whose name the command ran
	RealUser string    // who logged in to the machine, where that is another; "" else
	Host     string
	Command  string // "account disable"
	Subject  string // what was changed: an account, an AppID, …
	Changes  []Change
	Why      string

	// Written says that the store has it, or that the transaction which has it is committed.
	Written bool `json:"-"`
}

// Change is one value that an Action changed. Of a secret both are "".
type Change struct {
	What string `json:"what"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// Note adds a change; of one that changes nothing too, since a password that was set to itself was set.
func (a *Action) Note(what, old, is string) {
	if a != nil {
		a.Changes = append(a.Changes, Change{what, old, is})
	}
}

// By is the operator in one text: user@host, or real(user)@host.
func (a *Action) By() string {
	if a.RealUser != "" {
		return a.RealUser + "(" + a.User + ")@" + a.Host
	}
	return a.User + "@" + a.Host
}
