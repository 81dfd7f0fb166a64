package loadtest

import (
	"container/heap"
	"math/rand/v2"
	"time"
)

// Pauses of a terminal before it comes again: longer each time, with a random share.
const (
	firstAgain = time.Second
	lastAgain  = 16 * time.Second
)

// later are visits that come again, by when they do.
type later []comeAgain

// comeAgain is a visit that was told to come later, or whose connection ended before it was logged in.
type comeAgain struct {
	at      time.Duration
	due     time.Duration // of the whole visit: its latency counts from there
	account int
	login   int32 // whose ciphertext no front has seen; -1: it needs another
	tries   uint16
	waited  bool // for a string, so that it is behind its time
}

func (l later) Len() int           { return len(l) }
func (l later) Less(i, j int) bool { return l[i].at < l[j].at }
func (l later) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }

// Push and Pop are for package heap alone.
func (l *later) Push(x any) { *l = append(*l, x.(comeAgain)) }

// Pop takes the last.
func (l *later) Pop() any {
	last := len(*l) - 1
	x := (*l)[last]
	*l = (*l)[:last]
	return x
}

// add has a visit come again after a pause, unless that is too long after it was due.
func (l *later) add(c comeAgain, now, bound time.Duration, random *rand.Rand) bool {
	pause := min(firstAgain<<min(c.tries, 10), lastAgain)
	c.at = now + pause/2 + time.Duration(random.Int64N(int64(pause/2)+1))
	if c.at-c.due > bound {
		return false
	}
	c.tries++
	heap.Push(l, c)
	return true
}

// wait has a visit come again shortly after, for which no string was there.
func (l *later) wait(c comeAgain, now time.Duration, random *rand.Rand) {
	c.at, c.waited = now+shortestWait+time.Duration(random.Int64N(int64(longestWait-shortestWait))), true
	heap.Push(l, c)
}

// earlier is the earlier of the next visit and the first that comes again.
func (l later) earlier(due time.Duration, some bool) (time.Duration, bool) {
	if len(l) > 0 && (!some || l[0].at <= due) {
		return l[0].at, true
	}
	return due, some
}

// take is the first, if it was due then.
func (l *later) take(due time.Duration) (c comeAgain, is bool) {
	if len(*l) == 0 || (*l)[0].at > due {
		return c, false
	}
	return heap.Pop(l).(comeAgain), true
}
