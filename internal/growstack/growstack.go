// Package growstack gives a goroutine its stack before its work. A goroutine begins with 2 KiB; the runtime doubles that each time it does
// not suffice, and copies all that lies on it. Grown on its way, a login paid for that three times, with a twentieth of the daemon's processor
// time; at its begin there is almost nothing to copy.
package growstack

import "runtime"

// room makes the runtime choose Size: half of it, and what the runtime keeps free below.
const room = Size / 2

// Size is the stack of a goroutine after Grow, in bytes. A login's deepest point, the encryption of the supplement, is within it; the next
// larger one costs more than it saves, for the runtime keeps few of that size at hand.
const Size = 8 << 10

// Grow is what the goroutine of a login or of a submission calls first.
//
//go:noinline
func Grow() {
	var on [room]byte
	runtime.KeepAlive(&on)
}
