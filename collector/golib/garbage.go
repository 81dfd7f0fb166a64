package main

import (
	"runtime"
	"sync/atomic"
)

// collectEvery is after how many calls one collects Go's garbage: some 100 KB a call.
const collectEvery = 32

// ballastSize is what the heap has beside the garbage of collectEvery calls, at least ten times as much. No page of it is ever touched, so it
// takes addresses and no memory.
//
// It keeps Go's scavenger asleep, which would give the room of a shrunken heap back bit by bit, by a timer, for which Go's runtime opens a
// poller; a host that closes the poller's descriptors as none of its own would end. The scavenger wakes when the heap holds a tenth more
// than it used at the last collection; with the ballast a tenth is more than the garbage.
const ballastSize = 64 << 20

var (
	calls   atomic.Uint32
	ballast []byte
)

// collectGarbage is for the end of each call.
func collectGarbage() {
	n := calls.Add(1)
	if n == 1 {
		ballast = make([]byte, ballastSize)
	}
	if n%collectEvery == 0 {
		runtime.GC()
		runtime.KeepAlive(ballast)
	}
}
