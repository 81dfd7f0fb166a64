package front

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAFailureIsLoggedOnceAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l logLimit
		logged := 0
		for range 150 {
			if l.shouldLog(time.Now()) {
				logged++
			}
			time.Sleep(time.Second)
		}
		if logged != 3 {
			t.Errorf("logged %d times in 150 seconds", logged)
		}
	})
}

func TestBudget(t *testing.T) {
	tests := []struct {
		name               string
		wanted, limit, got int
		fails              bool
	}{
		{"all of a large limit", 0, 20000, 20000 - maxReserve, false},
		{"all of a small limit", 0, 1024, 1024 - 256, false},
		{"what was asked", 1000, 20000, 1000, false},
		{"exactly the room", 768, 1024, 768, false},
		{"one more than the room", 769, 1024, 0, true},
		{"tiny limit", 0, 64, 0, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := budget(test.wanted, test.limit)
			if got != test.got || (err != nil) != test.fails {
				t.Errorf("got %d, %v", got, err)
			}
		})
	}
}
