package gateway

import (
	"context"
	"runtime/debug"
	"testing"
	"time"
	"unsafe"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/growstack"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/test/testmain"
)

// TestALoginStaysWithinItsStack: where the runtime copies a stack, what lies on it has another address. If this fails, the frames on the way to
// the encryption have grown; a large value that is passed or returned by value is the likely cause.
func TestALoginStaysWithinItsStack(t *testing.T) {
	testmain.NotRaced(t)
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // it may shrink a stack
	g := New(Options{Firm: Firm{BrokerID: broker, VendorID: "TF01", FrontID: 1}, LoginWork: 20 * time.Second},
		Policy{Keys: endlessRing(t), Calendar: tradingDays(t)}, Parts{
			Core: idleCore{}, Registry: idleRegistry{}, Recorder: idle{}, Audit: idle{}, Observer: idle{}, Logger: zap.NewNop(),
		})
	a := attempt()
	underDialogue(g, &a) // what is made once, at the first login, needs more
	moved := make(chan bool)
	go func() {
		growstack.Grow()
		var mark byte
		at := uintptr(unsafe.Pointer(&mark))
		if underDialogue(g, &a) != reason.OK {
			t.Error("the login was refused")
		}
		moved <- uintptr(unsafe.Pointer(&mark)) != at
	}()
	if <-moved {
		t.Errorf("a login needs more than %d bytes of stack", growstack.Size)
	}
}

// underDialogue and its caller have what the dialogue has on the stack, some 750 bytes.
//
//go:noinline
func underDialogue(g *Gateway, a *session.LoginAttempt) reason.Reason {
	var frames [352]byte
	why := g.Login(context.Background(), home, a).Reason
	frames[int(why)%len(frames)]++
	return why
}
