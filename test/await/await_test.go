package await

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestTrue: it looks until the condition holds, and not much longer.
func TestTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		True(t, "a second to be over", func() bool { return time.Since(begin) >= time.Second })
		if took := time.Since(begin); took < time.Second || took > time.Second+rarely {
			t.Errorf("took %v", took)
		}
	})
}

// TestLooksLessOften: a long wait has few looks, a short one is over soon, and a period that a caller asks for is kept.
func TestLooksLessOften(t *testing.T) {
	for _, test := range []struct {
		period, after time.Duration
		looks         int           // at most
		late          time.Duration // at most
	}{
		{5 * time.Millisecond, 20 * time.Millisecond, 5, 5 * time.Millisecond},
		{5 * time.Millisecond, 10 * time.Second, 130, rarely},
		{time.Second, 10 * time.Second, 11, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			begin, looks := time.Now(), 0
			Every(t, test.period, "it", func() bool {
				looks++
				return time.Since(begin) >= test.after
			})
			if late := time.Since(begin) - test.after; looks > test.looks || late > test.late {
				t.Errorf("%+v: %d looks, %v late", test, looks, late)
			}
		})
	}
}
