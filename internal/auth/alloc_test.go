//go:build !race

package auth

import (
	"net/netip"
	"testing"
)

// The race detector makes sync.Pool drop at random, so this is for plain test runs.
func TestVerifyDoesNotAllocate(t *testing.T) {
	r, source, master := newTestRegistry(t)
	national := app(t, master, "client_sm4_1.0", vectorCode, true)
	national.Cipher = SM4
	source.set(app(t, master, appID, vectorCode, true), national)
	mustRefresh(t, r, true)
	ch, right := vector(t)
	known, unknown, sm4App := []byte(appID), []byte("client_new_1.0"), []byte("client_sm4_1.0")
	n := testing.AllocsPerRun(1000, func() {
		r.Verify(known, ch, &right)
		r.Verify(sm4App, ch, &right)
		r.Verify(unknown, ch, &right)
	})
	if n >= 1 {
		t.Fatalf("%v allocations", n)
	}
}

func TestBindingsDoNotAllocate(t *testing.T) {
	r, source, master := newTestRegistry(t)
	source.set(bind(t, master, appID, "8001* 90010001", "10.0.0.0/8", "70010001"))
	mustRefresh(t, r, true)
	id, account, addr := []byte(appID), []byte("80010001"), netip.MustParseAddr("10.1.2.3")
	if n := testing.AllocsPerRun(1000, func() { r.AdmitsLogin(id, account, addr) }); n >= 1 {
		t.Fatalf("%v allocations", n)
	}
}
