package local

import (
	"context"
	"slices"
	"sync"
)

// singleflight does equal work once: of many terminals that log one account in at the same
// moment with the same password, one (the leader) pays for argon2 and the others (its
// followers) wait for what it finds, without a place in the queue. If the password was wrong,
// the first follower becomes the leader: a wrong password is evaluated, and counted, as often
// as it is sent. Once bound followers wait, further attempts do their work themselves: the
// queue has rules for whom to turn away, this has none.
type singleflight struct {
	bound int

	mu        sync.Mutex
	followers map[cacheKey][]chan role // by the work that a leader does
	waiting   int                      // all of them
}

// role is what join found for an attempt.
type role int

const (
	leader   role = iota // do the work, then finish
	solo                 // do the work, without followers
	follower             // a leader has done it with success: its result is in the cache
	canceled             // ctx has ended
)

// join returns once it is known who does the work of k.
func (f *singleflight) join(ctx context.Context, k cacheKey) role {
	f.mu.Lock()
	waiting, underWay := f.followers[k]
	switch {
	case !underWay:
		f.followers[k] = nil
		f.mu.Unlock()
		return leader
	case f.waiting >= f.bound:
		f.mu.Unlock()
		return solo
	}
	assigned := make(chan role, 1)
	f.followers[k] = append(waiting, assigned)
	f.waiting++
	f.mu.Unlock()
	select {
	case r := <-assigned:
		return r
	case <-ctx.Done():
		f.cancel(k, assigned)
		return canceled
	}
}

// finish is called by the leader of k, and tells its followers whether the password was right.
func (f *singleflight) finish(k cacheKey, right bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pass(k, right)
}

// pass ends all followers' wait if the password was right, else makes the first of them leader.
func (f *singleflight) pass(k cacheKey, right bool) {
	waiting := f.followers[k]
	if right {
		for _, assigned := range waiting {
			assigned <- follower
		}
		f.waiting -= len(waiting)
		waiting = nil
	}
	if len(waiting) == 0 {
		delete(f.followers, k)
		return
	}
	waiting[0] <- leader
	f.waiting--
	f.followers[k] = waiting[1:]
}

// cancel takes a follower out. If it was made leader at the same moment, the next one is.
func (f *singleflight) cancel(k cacheKey, assigned chan role) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := slices.Index(f.followers[k], assigned); i >= 0 {
		f.followers[k] = slices.Delete(f.followers[k], i, i+1)
		f.waiting--
		return
	}
	if <-assigned == leader {
		f.pass(k, false)
	}
}
