package front

import (
	"sync"
	"testing"
)

// TestLoginsOfACommitRingOnce: the loop is called once for all that end before it comes.
func TestLoginsOfACommitRingOnce(t *testing.T) {
	c, el := newMailConn(1 << 20)
	var done, ended int
	for range 64 {
		c.Later(func(gone bool) {
			if done++; gone {
				ended++
			}
		})
	}
	if el.rung.Load() != 1 || done != 0 {
		t.Fatalf("called %d times, %d done before the loop came", el.rung.Load(), done)
	}
	c.server.drain(c.loop)
	if done != 64 || ended != 0 || len(c.loop.mailbox.tasks) != 0 {
		t.Errorf("%d done, %d of them without the loop; %d are left", done, ended, len(c.loop.mailbox.tasks))
	}
	c.Later(func(bool) { done++ })
	if el.rung.Load() != 2 {
		t.Errorf("called %d times, want another call after the loop has come", el.rung.Load())
	}
}

// TestEndsOfLoginsAreToldOnce, also those that wait while the loops end, or come after it.
func TestEndsOfLoginsAreToldOnce(t *testing.T) {
	for range 100 {
		c, _ := newMailConn(1 << 20)
		var told [64]int
		var mu sync.Mutex
		var all sync.WaitGroup
		for i := range told {
			all.Go(func() {
				c.Later(func(bool) {
					mu.Lock()
					defer mu.Unlock()
					told[i]++
				})
			})
		}
		c.server.handing.Lock()
		c.server.stopped = true // what is handed over from here on is refused,
		c.server.handing.Unlock()
		c.server.drain(c.loop) // and what was before may be done or not
		c.loop.mailbox.abandon(true)
		all.Wait()
		for i, n := range told {
			if n != 1 {
				t.Fatalf("end %d was told %d times", i, n)
			}
		}
	}
}
