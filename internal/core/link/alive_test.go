package link

import (
	"testing"
	"testing/synctest"

	"github.com/tradefront/tradefront/internal/ftd"
)

// TestAlive: a session is that can be opened: the core has answered, and is in use as it was then.
func TestAlive(t *testing.T) {
	for name, ends := range map[string]func(*Link, *coreConn){
		"another Term":     func(_ *Link, k *coreConn) { k.send(stateChange(accept(ftd.CoreActive, instanceA, 2))) },
		"another Instance": func(_ *Link, k *coreConn) { k.send(stateChange(accept(ftd.CoreActive, instanceB, 1))) },
		"no link":          func(_ *Link, k *coreConn) { k.Close() },
		"aborted":          func(l *Link, _ *coreConn) { l.Abort(1, ftd.ReasonGone, "terminal_gone") },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
				k := cores[0].accept()
				k.greet(accept(ftd.CoreActive, instanceA, 1))
				synctest.Wait()
				answer := verify(t.Context(), l, attempt(t, 1, newTerminal()))
				k.next(ftd.TIDSessionVerify)
				if l.Alive(1) || l.Alive(2) {
					t.Error("a session is alive that the core has not verified")
				}
				k.send(verifyOK(1))
				if got := <-answer; got.err != nil || !l.Alive(1) {
					t.Fatalf("verified: %v, alive %v", got.err, l.Alive(1))
				}
				ends(l, k)
				synctest.Wait()
				if l.Alive(1) {
					t.Error("the session is alive")
				}
			})
		})
	}
}
