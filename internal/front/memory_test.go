package front

import (
	"testing"
	"unsafe"
)

// An idle session costs the front little more than its conn, which takes memory of the next of Go's size classes: 896 bytes, 8 of
// which are the runtime's. A field more makes that 1,024, for each of the connections that a front holds.
func TestConnFitsItsSizeClass(t *testing.T) {
	t.Parallel()
	const class, header = 896, 8
	if size := unsafe.Sizeof(conn{}); unsafe.Sizeof(uintptr(0)) == 8 && size > class-header {
		t.Errorf("a conn has %d bytes, more than %d: docs/performance.md has what an idle session may cost", size, class-header)
	}
}
