package loadtest

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestLater: visits come again in the order of their instants, after pauses that grow, and not once it is too late.
func TestLater(t *testing.T) {
	var l later
	random := rand.New(rand.NewPCG(1, 1))
	for tries := range 8 {
		if !l.add(comeAgain{due: 0, account: tries, tries: uint16(tries)}, 10*time.Second, time.Minute, random) {
			t.Fatalf("try %d is too late", tries)
		}
	}
	if l.add(comeAgain{due: 0, tries: 3}, 55*time.Second, time.Minute, random) && l.Len() != 9 {
		t.Error("it was not added")
	}
	if l.add(comeAgain{due: 0}, time.Minute, time.Minute, random) {
		t.Error("a visit came again after its bound")
	}
	last := time.Duration(0)
	for l.Len() > 0 {
		at, some := l.earlier(time.Hour, true)
		if _, is := l.take(at - 1); is || !some || at < last {
			t.Fatalf("at %v, %v, after %v; taken before: %v", at, some, last, is)
		}
		c, is := l.take(at)
		longest := min(firstAgain<<(c.tries-1), lastAgain)
		if pause := c.at - 10*time.Second; c.tries < 9 && c.account == int(c.tries)-1 && c.at < 55*time.Second && (pause < longest/2 || pause > longest) || !is {
			t.Errorf("%+v: the pause is not half to all of %v", c, longest)
		}
		last = at
	}
	if at, some := l.earlier(5, true); at != 5 || !some {
		t.Error("without any the next visit is not the next")
	}
	if _, some := l.earlier(5, false); some {
		t.Error("nothing is something")
	}
}
