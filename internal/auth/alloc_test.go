//go:build !race

package auth

import "testing"

// The race detector makes sync.Pool drop at random, so this is for plain test runs.
func TestVerifyDoesNotAllocate(t *testing.T) {
	r, source, master := newTestRegistry(t)
	source.set(app(t, master, appID, vectorCode, true))
	mustRefresh(t, r, true)
	ch, right := vector(t)
	known, unknown := []byte(appID), []byte("client_new_1.0")
	n := testing.AllocsPerRun(1000, func() {
		r.Verify(known, ch, &right)
		r.Verify(unknown, ch, &right)
	})
	if n >= 1 {
		t.Fatalf("%v allocations", n)
	}
}
