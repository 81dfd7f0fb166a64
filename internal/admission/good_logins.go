package admission

import (
	"net/netip"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	// goodLoginTTL is how long after its last accepted login a source's logins count: it spans
	// a night, and no weekend.
	goodLoginTTL = 24 * time.Hour
	// maxGoodLogins is how many are counted; more would not change a verdict.
	maxGoodLogins = 100
)

// goodLogin counts the logins that were accepted from one source or network.
type goodLogin struct {
	logins int
	last   time.Time
}

// goodLogins is a table of bounded size; it forgets first the source whose last login is the
// oldest.
type goodLogins struct {
	of   *simplelru.LRU[netip.Prefix, goodLogin] // used by an accepted login alone
	size int
}

func newGoodLogins(size int) goodLogins {
	// The only error is a size below 1. A table of size 0 exists and stays empty.
	of, _ := simplelru.NewLRU[netip.Prefix, goodLogin](max(size, 1), nil)
	return goodLogins{of: of, size: size}
}

// note counts an accepted login.
func (t *goodLogins) note(name netip.Prefix, now time.Time) {
	if t.size <= 0 {
		return
	}
	t.of.Add(name, goodLogin{min(t.logins(name, now)+1, maxGoodLogins), now})
}

// logins is how many logins of a source count now.
func (t *goodLogins) logins(name netip.Prefix, now time.Time) int {
	g, known := t.of.Peek(name)
	if !known || now.Sub(g.last) >= goodLoginTTL {
		return 0
	}
	return g.logins
}

// resize keeps the sources whose logins are the latest.
func (t *goodLogins) resize(size int) {
	t.size = size
	t.of.Resize(max(size, 0))
}
