package rate

import (
	"testing"
	"time"
)

var start = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// taken is how many of n tokens are given.
func taken(b *Buckets[string], k string, l Limit, n int, now time.Time) (got int) {
	for range n {
		if b.Take(k, l, now) {
			got++
		}
	}
	return got
}

func TestBuckets(t *testing.T) {
	b, l := New[string](2), Limit{PerSecond: 10, Burst: 30}
	for _, c := range []struct {
		name  string
		key   string
		limit Limit
		after time.Duration
		want  int
	}{
		{"the burst", "a", l, 0, 30},
		{"and no more", "a", l, 0, 0},
		{"another has its own", "b", l, 0, 30},
		{"a second later", "a", l, time.Second, 10},
		{"half a token", "a", l, time.Second + 50*time.Millisecond, 0},
		{"a long pause fills it once", "a", l, time.Hour, 30},
		{"the clock is set back: empty, and fills", "a", l, 0, 0},
		{"a second after that", "a", l, time.Second, 10},
		{"no bound", "a", Limit{}, time.Second, 100},
		{"a smaller one", "a", Limit{PerSecond: 1, Burst: 2}, 4 * time.Second, 2},
	} {
		if got := taken(b, c.key, c.limit, 100, start.Add(c.after)); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	taken(b, "b", l, 1, start)
	taken(b, "c", l, 1, start) // a, used least recently, is forgotten
	if b.Len() != 2 || taken(b, "a", l, 100, start) != 30 {
		t.Errorf("%d keys", b.Len())
	}
}

func TestTakeDoesNotAllocate(t *testing.T) {
	b, l := New[string](10), Limit{PerSecond: 10, Burst: 30}
	now := start
	b.Take("a", l, now)
	if n := testing.AllocsPerRun(100, func() {
		now = now.Add(time.Second)
		b.Take("a", l, now)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestEvery: a limit below one in a second.
func TestEvery(t *testing.T) {
	b, l := New[string](2), Limit{Every: time.Minute, Burst: 1}
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{0, 1}, {59 * time.Second, 0}, {time.Minute, 1}, {time.Hour, 1}} {
		if got := taken(b, "a", l, 3, start.Add(c.after)); got != c.want {
			t.Errorf("after %v: %d, want %d", c.after, got, c.want)
		}
	}
	if got := taken(b, "b", l.Times(2), 3, start); got != 2 {
		t.Errorf("twice the limit gives %d", got)
	}
}

// TestGive: a token that was taken is there again, once; a bucket is never more than full.
func TestGive(t *testing.T) {
	b, l := New[string](2), Limit{PerSecond: 10, Burst: 30}
	b.Give("a", l) // of a key that is not known
	if got := taken(b, "a", l, 40, start); got != 30 {
		t.Errorf("a bucket gives %d", got)
	}
	b.Give("a", l)
	b.Give("a", l)
	if got := taken(b, "a", l, 40, start); got != 2 {
		t.Errorf("of two that were given back, %d are there", got)
	}
	for range 50 {
		b.Give("a", l)
	}
	if got := taken(b, "a", l, 40, start); got != 30 {
		t.Errorf("a bucket that was given more than it gave gives %d", got)
	}
	b.Give("a", Limit{})
	if b.Take("a", l, start) {
		t.Error("without a bound nothing is given back")
	}
}
