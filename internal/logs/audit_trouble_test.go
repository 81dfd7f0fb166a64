package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// stall is a log whose first write, of entry 0, hangs until the gate is closed.
func stall(t *testing.T) (*Audit, *disk, *tally) {
	t.Helper()
	d, seen := &disk{room: -1, gate: make(chan struct{})}, new(tally)
	a := newAudit(filepath.Join(t.TempDir(), "audit.jsonl"), d, []AuditObserver{seen})
	a.Log(numbered(0))
	synctest.Wait()
	return a, d, seen
}

func (c *tally) told() (entries int, errs []error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed, slices.Clone(c.errs)
}

// fill makes the queue of a stalled log full: entries 1 to maxQueued. Log takes the last
// thousand. It would take the others as it takes those, so their lines are put before it.
func fill(a *Audit) {
	const logged = 1000
	before, after, _ := strings.Cut(line(numbered(0)), `"session_id":0`)
	a.mu.Lock()
	for i := range maxQueued - logged {
		a.queue.lines = fmt.Appendf(append(a.queue.lines, before...), `"session_id":%d%s`, 1+i, after)
	}
	a.queue.entries += maxQueued - logged
	a.mu.Unlock()
	for i := range logged {
		a.Log(numbered(maxQueued - logged + 1 + i))
	}
}

// With a file that hangs, Log returns: what does not fit is dropped, and reported at the first
// drop and then once a second. What was queued is written when the file goes on.
func TestAuditLogNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, d, seen := stall(t)
		fill(a)
		synctest.Wait()
		if n, errs := seen.told(); n != 0 || len(errs) != 0 {
			t.Fatalf("%d dropped before the queue is full: %v", n, errs)
		}
		expect := func(entries, calls int) {
			t.Helper()
			synctest.Wait()
			if n, errs := seen.told(); n != entries || len(errs) != calls || !errors.Is(errs[calls-1], ErrAuditFull) {
				t.Errorf("%d entries told in %d calls, want %d in %d", n, len(errs), entries, calls)
			}
		}
		a.Log(numbered(-1))
		expect(1, 1)
		for range 1000 {
			a.Log(numbered(-1))
		}
		expect(1, 1)
		time.Sleep(dropPeriod)
		expect(1001, 2)
		time.Sleep(10 * dropPeriod) // the run is over
		expect(1001, 2)
		a.Log(numbered(-1))
		expect(1002, 3)
		a.Log(numbered(-1)) // Close reports its loss
		close(d.gate)
		if err := a.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		expect(1003, 4)
		got := sessions(t, d.content.Bytes())
		if len(got) != maxQueued+1 || seen.written != maxQueued+1 {
			t.Fatalf("%d lines, %d written", len(got), seen.written)
		}
		for i, n := range got {
			if i != n {
				t.Fatalf("entry %d is at %d", n, i)
			}
		}
	})
}

// blocked is an observer that breaks its contract: its alarm goes into a full pipe.
type blocked struct{ gate chan struct{} }

func (blocked) AuditWritten(int)         {}
func (b blocked) AuditFailed(int, error) { <-b.gate }

// The observers of drops cannot make Log wait either.
func TestAuditLogDoesNotWaitForObservers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, alarm := &disk{room: -1, gate: make(chan struct{})}, blocked{make(chan struct{})}
		a := newAudit("x", d, []AuditObserver{alarm})
		a.Log(numbered(0))
		synctest.Wait()
		fill(a)
		for range 3 {
			a.Log(numbered(-1))
			synctest.Wait()
		}
		close(d.gate)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := a.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close: %v", err)
		}
		close(alarm.gate)
		if err := a.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// LogWritten returns after the write of its line and not before; all who wait for the same
// write are answered by it.
func TestAuditLogWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, d, _ := stall(t)
		const crowd = 1000
		var returned, wrong int
		var mu sync.Mutex
		for i := range crowd {
			go func() {
				err := a.LogWritten(t.Context(), numbered(1+i))
				mu.Lock()
				defer mu.Unlock()
				returned++
				if err != nil {
					wrong++
				}
			}()
		}
		synctest.Wait()
		d.gate <- struct{}{} // the write of entry 0
		synctest.Wait()
		if returned != 0 {
			t.Fatalf("%d returned before their write", returned)
		}
		d.gate <- struct{}{}
		synctest.Wait()
		if returned != crowd || wrong != 0 || d.calls != 2 || len(sessions(t, d.content.Bytes())) != 1+crowd {
			t.Errorf("%d returned, %d with an error, %d writes", returned, wrong, d.calls)
		}
		close(d.gate)
		if err := a.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// After a write that failed half-way, the calls whose line is whole succeed, the others fail.
func TestAuditLogWrittenFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, d, seen := stall(t)
		one := len(line(numbered(1)))
		var errs [4]error
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() { errs[i] = a.LogWritten(t.Context(), numbered(1+i)) })
			synctest.Wait() // so that they are written in order
		}
		d.room = len(line(numbered(0))) + 2*one + one/2
		close(d.gate)
		all.Wait()
		for i, err := range errs {
			if i < 2 && err != nil || i >= 2 && !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("entry %d: %v", 1+i, err)
			}
		}
		if err := a.Trouble(); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("Trouble: %v", err)
		}
		d.room = -1
		if err := a.LogWritten(t.Context(), numbered(5)); err != nil || a.Trouble() != nil {
			t.Errorf("LogWritten: %v, Trouble: %v", err, a.Trouble())
		}
		if err := a.Close(t.Context()); err != nil || seen.written != 4 || seen.failed != 2 {
			t.Errorf("Close: %v, %+v", err, seen)
		}
		if err := a.LogWritten(t.Context(), numbered(6)); !errors.Is(err, ErrAuditClosed) || seen.failed != 3 {
			t.Errorf("LogWritten after Close: %v, %+v", err, seen)
		}
	})
}

// LogWritten on a full queue is refused at once; one whose context ends returns, and its
// line is written nevertheless.
func TestAuditLogWrittenGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, d, seen := stall(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := a.LogWritten(ctx, numbered(1)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("hanging: %v", err)
		}
		fill(a)
		if err := a.LogWritten(t.Context(), numbered(-1)); !errors.Is(err, ErrAuditFull) {
			t.Errorf("full: %v", err)
		}
		close(d.gate)
		if err := a.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		// fill was one too many, for entry 1 waited already.
		if got := sessions(t, d.content.Bytes()); got[1] != 1 || len(got) != maxQueued+1 || seen.failed != 2 {
			t.Errorf("%d lines, %d failed", len(got), seen.failed)
		}
	})
}

// Close returns when its context ends, and reports how much is left; the writer continues.
func TestAuditCloseGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, d, _ := stall(t)
		a.Log(numbered(1))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := a.Close(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "2 entries not written") {
			t.Errorf("Close: %v", err)
		}
		close(d.gate)
		if err := a.Close(t.Context()); err != nil || len(sessions(t, d.content.Bytes())) != 2 || d.closed != 1 {
			t.Errorf("second Close: %v, %+v", err, d)
		}
	})
}

// Reopen does not hang behind a write that does; the new file is taken after it.
func TestAuditReopenGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, d, _ := stall(t)
		a.Log(numbered(1))
		ctx, cancel := context.WithCancel(t.Context()) // synctest's clock does not advance while a goroutine waits for a mutex
		cancel()
		if err := a.Reopen(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Reopen: %v", err)
		}
		close(d.gate)
		synctest.Wait()
		if err := a.LogWritten(t.Context(), numbered(2)); err != nil {
			t.Fatal(err)
		}
		if err := a.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		fresh, err := os.ReadFile(a.path)
		if err != nil {
			t.Fatal(err)
		}
		// Entry 1 may be in either, 2 is in the new one.
		all := append(sessions(t, d.content.Bytes()), sessions(t, fresh)...)
		if got := sessions(t, fresh); !slices.Equal(all, []int{0, 1, 2}) || got[len(got)-1] != 2 || d.closed != 1 {
			t.Errorf("old and new %v, new %v, closed %d", all, got, d.closed)
		}
	})
}

func TestAuditTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, d, _ := stall(t)
		if err := a.Trouble(); err != nil {
			t.Errorf("at first: %v", err)
		}
		time.Sleep(stalledAfter)
		if err := a.Trouble(); err == nil || !strings.Contains(err.Error(), "a write of 1 entries has not returned for 5s") {
			t.Errorf("stalled: %v", err)
		}
		fill(a)
		a.Log(numbered(-1))
		if err := a.Trouble(); !errors.Is(err, ErrAuditFull) {
			t.Errorf("full: %v", err)
		}
		close(d.gate)
		synctest.Wait()
		if err := a.Trouble(); err != nil {
			t.Errorf("written: %v", err)
		}
		if err := a.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := a.Trouble(); err != nil {
			t.Errorf("closed: %v", err)
		}
	})
}

// Logins wait for their write while the log is rotated and closed: each call returns whether its line was written.
func TestAuditLogWrittenConcurrently(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	seen := new(tally)
	a, err := OpenAudit(path, seen)
	if err != nil {
		t.Fatal(err)
	}
	const logins, each = 64, 50
	var told [logins]int
	var all sync.WaitGroup
	for l := range logins {
		all.Go(func() {
			for i := range each {
				if a.LogWritten(t.Context(), numbered(i)) == nil {
					told[l]++
				}
			}
		})
	}
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(a.Reopen(t.Context()), a.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	lines, sum := 0, 0
	for _, name := range []string{path, path + ".1"} {
		log, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines += len(sessions(t, log))
	}
	for _, n := range told {
		sum += n
	}
	if lines != sum || seen.written != sum || seen.failed != logins*each-sum {
		t.Errorf("%d lines, %d told as written, %+v", lines, sum, seen)
	}
}

// Many logins at once, each waiting for its own line: what group commit makes of it.
func BenchmarkAuditLogWritten(b *testing.B) {
	a, err := OpenAudit(filepath.Join(b.TempDir(), "audit.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	e := full()
	b.ReportAllocs()
	b.SetParallelism(256)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := a.LogWritten(b.Context(), e); err != nil {
				b.Error(err)
			}
		}
	})
	if err := a.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
}
