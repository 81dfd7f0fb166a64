package local

import (
	"context"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/reason"
)

// Verify says who a is. The error is always a *core.Refused. The end of ctx while waiting for
// a slot is reason.Overloaded; once argon2 runs, it is waited for. Verify blocks for the hash queue
// and for argon2, some ten milliseconds: never call it on an event loop.
func (l *Core) Verify(ctx context.Context, a *core.Attempt) (core.User, error) {
	// 1. Locked: refused at once, nothing evaluated.
	origin := originOf(a.Account, a.Source.Addr())
	origin.relayed, origin.operator = a.Via != "", a.OfOperatorRelay()
	if why := l.locks.locked(&origin, l.now()); why != reason.OK {
		return core.User{}, &core.Refused{Reason: why}
	}
	// 2. An unknown account takes the same way with a hash that nothing matches.
	holder, known := l.current.Load().lookup(a.Account)
	if !known {
		holder.phc = l.dummy.phc
	}
	// 3. Verified not long ago: no need for argon2.
	key := l.cache.key(a.Account, holder.phc, a.Password)
	if l.cache.get(key, l.now()) {
		l.locks.forgive(&origin, l.now())
	} else if why := l.evaluate(ctx, &origin, key, &holder, known, a.Password); why != reason.OK {
		return core.User{}, &core.Refused{Reason: why}
	}
	// 7. Only who knows the password comes here: the answer is that of a wrong one, and a guesser learns nothing.
	if holder.disabled {
		return core.User{}, &core.Refused{Reason: reason.AccountDisabled}
	}
	return core.User{Account: a.Account, UserType: holder.userType}, nil
}

// evaluate returns reason.OK if the password is right, found out by this attempt or by another that
// did the same work meanwhile.
func (l *Core) evaluate(ctx context.Context, o *origin, key cacheKey, h *holder, known bool, password []byte) reason.Reason {
	if !l.cache.enabled() {
		return l.hash(ctx, o, key, h, known, password) // there is no cache in which a follower could find the result
	}
	for {
		// 4. The same work is under way: wait for it.
		switch l.singleflight.join(ctx, key) {
		case canceled:
			return reason.Overloaded
		case solo:
			return l.hash(ctx, o, key, h, known, password)
		case leader:
			right := false
			defer func() { l.singleflight.finish(key, right) }()
			why := l.hash(ctx, o, key, h, known, password)
			right = why == reason.OK
			return why
		case follower:
			if l.cache.peek(key, l.now()) {
				l.locks.forgive(o, l.now())
				return reason.OK
			}
		}
	}
}

// hash evaluates the password by itself: in its turn, and counted. It returns what evaluate does.
func (l *Core) hash(ctx context.Context, o *origin, key cacheKey, h *holder, known bool, password []byte) reason.Reason {
	// 5. Wait for a slot, then look again: time has passed. A follower may be locked by now,
	// and needs no slot to be told.
	if why := l.locks.locked(o, l.now()); why != reason.OK {
		return why
	}
	if !l.queue.acquire(ctx, place{o.path, l.locks.rank(o, l.now())}) {
		return reason.Overloaded
	}
	defer l.queue.release()
	if l.cache.peek(key, l.now()) {
		l.locks.forgive(o, l.now())
		return reason.OK
	}
	// 6. Reserve, evaluate, settle.
	if why := l.locks.reserve(o, l.now()); why != reason.OK {
		return why
	}
	hash, err := parseHash(h.phc)
	// A verifier is of a password that was right for this very hash. Any other goes on to argon2 of full cost.
	quick := l.quick(ctx, o.account, h.phc, password)
	right := err == nil && known && quick.fits // Refresh leaves out what does not parse
	if right {
		l.quickChecks.Add(1)
	} else {
		l.slowChecks.Add(1)
		right = l.matches(&hash, password) && err == nil && known
	}
	l.locks.settle(o, right, l.now())
	if right && quick.keep != (Verifier{}) {
		l.verifiers.Keep(o.account, quick.keep)
	}
	switch {
	case !known:
		return reason.UnknownAccount
	case !right:
		return reason.WrongPassword
	}
	l.cache.add(key, l.now())
	return reason.OK
}
