package core

import (
	"context"
	"slices"
	"sync"
)

// flights lets equal work be done once: of many terminals that log one account in at the
// same moment with the same password, one pays for argon2 and the others wait for what it
// finds, without a place in the queue. If that is nothing, the next of them tries: a wrong
// password is evaluated, and counted, as often as it is sent. Where bound of them wait
// already, others do their work alone: the queue knows whom to turn away, this does not.
type flights struct {
	bound int

	mu        sync.Mutex
	followers map[memo][]chan bool // of work that somebody does
	waiting   int                  // all of them
}

// boarding is what board says.
type boarding int

const (
	lead   boarding = iota // do the work, and land
	alone                  // do the work
	look                   // another has done it: look into the memory
	gaveUp                 // ctx has ended
)

// board returns when it is known who does the work k.
func (f *flights) board(ctx context.Context, k memo) boarding {
	f.mu.Lock()
	waiting, flying := f.followers[k]
	switch {
	case !flying:
		f.followers[k] = nil
		f.mu.Unlock()
		return lead
	case f.waiting >= f.bound:
		f.mu.Unlock()
		return alone
	}
	called := make(chan bool, 1)
	f.followers[k] = append(waiting, called)
	f.waiting++
	f.mu.Unlock()
	select {
	case first := <-called:
		if first {
			return lead
		}
		return look
	case <-ctx.Done():
		f.giveUp(k, called)
		return gaveUp
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
		f.waiting -= len(waiting)
		waiting = nil
	}
	if len(waiting) == 0 {
		delete(f.followers, k)
		return
	}
	waiting[0] <- true
	f.waiting--
	f.followers[k] = waiting[1:]
}

// giveUp takes back what waits at called; if it was called to lead, the next one is.
func (f *flights) giveUp(k memo, called chan bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := slices.Index(f.followers[k], called); i >= 0 {
		f.followers[k] = slices.Delete(f.followers[k], i, i+1)
		f.waiting--
		return
	}
	if lead := <-called; lead {
		f.pass(k, false)
	}
}
