package core

import (
	"context"
	"net/netip"

	"github.com/tradefront/tradefront/internal/regulation"
)

// Attempt is one try to log in.
type Attempt struct {
	Account  regulation.Account
	Password []byte     // the caller's; only read, and not kept
	Source   netip.Addr // the terminal's public address
}

// User is who an attempt turned out to be.
type User struct {
	Account  regulation.Account
	UserType regulation.UserType
}

// Reason is why an attempt was refused: enum, metric label and audit word. The terminal
// gets the error of docs/protocol.md, "Errors", that is named here, and never learns more.
type Reason byte

// The closed set of reasons. The zero Reason is no refusal.
const (
	UnknownAccount Reason = iota + 1 // error 3
	WrongPassword                    // error 3
	AccountLocked                    // error 75: too many failures of this account at this source
	SourceLocked                     // error 143: too many failures of this source
	Busy                             // error 90: nothing was evaluated, try again
)

var reasonWords = [...]string{
	UnknownAccount: "unknown_account", WrongPassword: "wrong_password",
	AccountLocked: "account_locked", SourceLocked: "source_locked", Busy: "busy",
}

func (r Reason) String() string {
	if r == 0 || int(r) >= len(reasonWords) {
		return "invalid"
	}
	return reasonWords[r]
}

// Refused is the error of an attempt that was not let in.
type Refused struct{ Reason Reason }

func (e *Refused) Error() string { return "login refused: " + e.Reason.String() }

// Verify says who a is. The error is always a *Refused. The end of ctx while waiting for
// a slot is Busy; once argon2 runs, it is waited for. Verify blocks for the hash queue
// and for argon2, some ten milliseconds: never call it on an event loop.
func (l *Local) Verify(ctx context.Context, a Attempt) (User, error) {
	// 1. Locked: refused at once, nothing evaluated.
	origin := originOf(a.Account, a.Source)
	if reason := l.locks.locked(&origin, l.now()); reason != 0 {
		return User{}, &Refused{reason}
	}
	// 2. An unknown account takes the same way with a hash that nothing matches.
	holder, known := l.current.Load().lookup(a.Account)
	if !known {
		holder.hash = l.dummy
	}
	// 3. Verified not long ago: no need for argon2.
	key := l.cache.key(a.Account, &holder.hash, a.Password)
	if l.cache.get(key, l.now()) {
		l.locks.forgive(&origin, l.now())
		return User{a.Account, holder.userType}, nil
	}
	reason := l.evaluate(ctx, &origin, key, &holder, known, a.Password)
	if reason != 0 {
		return User{}, &Refused{reason}
	}
	return User{a.Account, holder.userType}, nil
}

// evaluate returns 0 if the password is right, found out by this attempt or by another that
// did the same work meanwhile.
func (l *Local) evaluate(ctx context.Context, o *origin, key cacheKey, h *holder, known bool, password []byte) Reason {
	if !l.cache.enabled() {
		return l.hash(ctx, o, key, h, known, password) // there is no cache in which a follower could find the result
	}
	for {
		// 4. The same work is under way: wait for it.
		switch l.singleflight.join(ctx, key) {
		case canceled:
			return Busy
		case solo:
			return l.hash(ctx, o, key, h, known, password)
		case leader:
			right := false
			defer func() { l.singleflight.finish(key, right) }()
			reason := l.hash(ctx, o, key, h, known, password)
			right = reason == 0
			return reason
		case follower:
			if l.cache.peek(key, l.now()) {
				l.locks.forgive(o, l.now())
				return 0
			}
		}
	}
}

func (l *Local) hash(ctx context.Context, o *origin, key cacheKey, h *holder, known bool, password []byte) Reason {
	// 5. Wait for a slot, then look again: time has passed. A follower may be locked by now,
	// and needs no slot to be told.
	if reason := l.locks.locked(o, l.now()); reason != 0 {
		return reason
	}
	if !l.queue.acquire(ctx, place{o.path, l.locks.rank(o, l.now())}) {
		return Busy
	}
	defer l.queue.release()
	if l.cache.peek(key, l.now()) {
		l.locks.forgive(o, l.now())
		return 0
	}
	// 6. Reserve, evaluate, settle.
	if reason := l.locks.reserve(o, l.now()); reason != 0 {
		return reason
	}
	right := l.matches(&h.hash, password) && known
	l.locks.settle(o, right, l.now())
	switch {
	case !known:
		return UnknownAccount
	case !right:
		return WrongPassword
	}
	l.cache.add(key, l.now())
	return 0
}
