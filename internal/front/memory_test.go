package front

import (
	"testing"
	"unsafe"
)

// An idle session costs the front little more than its conn, which takes memory of one of Go's size classes: 896 bytes, or 1,024, 8 of which
// are the runtime's. With 896 it is 1,371 bytes in all, with 1,024 1,499, and the goal is 1,536.
func TestConnFitsItsSizeClass(t *testing.T) {
	t.Parallel()
	const class, header = 1024, 8
	if size := unsafe.Sizeof(conn{}); unsafe.Sizeof(uintptr(0)) == 8 && size > class-header {
		t.Errorf("a conn has %d bytes, more than %d: docs/performance.md has what an idle session may cost", size, class-header)
	}
}
