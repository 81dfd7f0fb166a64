package await

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestTrue: it looks until the condition holds, and not longer.
func TestTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		True(t, "a second to be over", func() bool { return time.Since(begin) >= time.Second })
		if took := time.Since(begin); took != time.Second {
			t.Errorf("took %v", took)
		}
	})
}
