package core

import (
	"context"
	"slices"
	"sync"
)

// flights lets equal work be done once: of many terminals that log one account in at the
// same moment with the same password, one pays for argon2 and the others wait for what it
// finds, without a place in the queue. If that is nothing, the next of them tries: a wrong
// password is evaluated, and counted, as often as it is sent.
type flights struct {
	mu        sync.Mutex
	followers map[memo][]chan bool // of work that somebody does; bounded by the logins in flight
}

// board returns when the caller is to do the work k (lead: it must call land), when another
// has succeeded (look into the memory), or false when ctx has ended.
func (f *flights) board(ctx context.Context, k memo) (lead, ok bool) {
	f.mu.Lock()
	waiting, flying := f.followers[k]
	if !flying {
		f.followers[k] = nil
		f.mu.Unlock()
		return true, true
	}
	called := make(chan bool, 1)
	f.followers[k] = append(waiting, called)
	f.mu.Unlock()
	select {
	case lead = <-called:
		return lead, true
	case <-ctx.Done():
		f.giveUp(k, called)
		return false, false
	}
}

// land tells the followers of k how it went.
func (f *flights) land(k memo, right bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pass(k, right)
}

func (f *flights) pass(k memo, right bool) {
	waiting := f.followers[k]
	if right {
		for _, called := range waiting {
			called <- false
		}
		waiting = nil
	}
	if len(waiting) == 0 {
		delete(f.followers, k)
		return
	}
	waiting[0] <- true
	f.followers[k] = waiting[1:]
}

// giveUp takes back what waits at called; if it was called to lead, the next one is.
func (f *flights) giveUp(k memo, called chan bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := slices.Index(f.followers[k], called); i >= 0 {
		f.followers[k] = slices.Delete(f.followers[k], i, i+1)
		return
	}
	if lead := <-called; lead {
		f.pass(k, false)
	}
}
