package dialogue

import "runtime"

// stackRoom makes the runtime give a goroutine 8 KiB, half of which are in use where the encryption is deepest.
const stackRoom = 4 << 10

// growStack is what a goroutine of a login or of a submission calls first. A goroutine begins with 2 KiB, and the runtime doubles that each
// time it does not suffice, and copies all that lies on it: grown on the way, each login would pay for it two or three times. Here
// there is almost nothing to copy.
//
//go:noinline
func growStack() {
	var room [stackRoom]byte
	runtime.KeepAlive(&room)
}
