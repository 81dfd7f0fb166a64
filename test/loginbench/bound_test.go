//go:build linux

package loginbench

import (
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// maxCalls is the bound of system calls a visit at the front with the embedded store, without those by which its scheduler waits.
const maxCalls = 24

// BenchmarkSystemCalls fails over the bound: a count and no time, so that it is the same on a slow machine. `make bench-smoke` runs it. It is a
// benchmark because those have the store on a disk: on a RAM disk, where fsync costs nothing, a commit has fewer logins.
func BenchmarkSystemCalls(b *testing.B) {
	const visits = 2000
	front := newFront(b, embeddedName, program, nil, "")
	s := &stage{terminals: startTerminals(b)}
	s.visits(b, front, concurrent, visits)
	var calls map[string]float64
	for b.Loop() {
		var err error
		if calls, err = s.calls(b, front, visits); err != nil {
			b.Skipf("system calls cannot be counted here: %v", err)
		}
	}
	n := asked(calls)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(n, "calls/visit")
	b.ReportMetric(calls[everyCall]-n, "waits/visit")
	if n < 10 {
		b.Errorf("%.1f system calls a visit: a visit has more, so the count is wrong: %v", n, calls)
	}
	if n > maxCalls {
		b.Errorf("%.1f system calls a visit, at most %d are allowed: see docs/performance.md, \"A login beside its floors\": %v", n, maxCalls, calls)
	}
}

// The counter is exact for what is known: each call once, those of other threads too, and no call by another name.
func TestCounterIsExact(t *testing.T) {
	counter, err := countCalls(os.Getpid())
	if err != nil {
		t.Skipf("system calls cannot be counted here: %v", err)
	}
	defer counter.close()
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	before, err := counter.counts()
	if err != nil {
		t.Fatal(err)
	}
	const calls, threads = 250, 4
	done := make(chan error, threads)
	for range threads {
		go func() {
			var err error
			for range calls {
				if _, wrong := unix.Pwrite(int(file.Fd()), []byte("x"), 0); wrong != nil {
					err = wrong
				}
			}
			done <- err
		}()
	}
	var faults []error
	for range threads {
		if err := <-done; err != nil {
			faults = append(faults, err)
		}
	}
	after, err := counter.counts()
	if err != nil || len(faults) > 0 {
		t.Fatal(err, slices.Compact(faults))
	}
	if n := after["pwrite64"] - before["pwrite64"]; n != calls*threads {
		t.Errorf("%d calls of pwrite64 counted, %d made", n, calls*threads)
	}
	if n := after["fsync"] - before["fsync"]; n != 0 {
		t.Errorf("%d calls of fsync counted, none made", n)
	}
	if all, named := after[everyCall]-before[everyCall], after["pwrite64"]-before["pwrite64"]; all < named {
		t.Errorf("%d calls in all, %d of them of pwrite64", all, named)
	}
}
