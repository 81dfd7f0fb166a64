package logs

import (
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

// committed is how many logins a commit of these tests wakes.
const committed = 8

// A commit wakes its logins one after the other. Their lines share a write call, although the first of them wakes the writer. One
// processor makes the order of the scheduler the same each time, but where it takes the processor away.
func TestAuditCommitSharesAWrite(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const commits = 50
	if writes := commitLines(t, commits); writes > commits*committed/2 {
		t.Errorf("%d write calls for %d commits of %d lines", writes, commits, committed)
	}
}

// BenchmarkAuditCommit has the processor time of a line, and how many write calls the lines of a commit took.
func BenchmarkAuditCommit(b *testing.B) {
	b.ReportAllocs()
	before := processorTime(b)
	writes := commitLines(b, b.N)
	b.ReportMetric(float64((processorTime(b)-before).Nanoseconds())/1000/float64(b.N*committed), "cpu-µs/line")
	b.ReportMetric(float64(writes)/float64(b.N), "writes/op")
}

// commitLines is how many write calls the lines of so many commits took.
func commitLines(tb testing.TB, commits int) (writes int) {
	tb.Helper()
	f, err := openAuditFile(filepath.Join(tb.TempDir(), "audit.jsonl"))
	if err != nil {
		tb.Fatal(err)
	}
	file := &countedFile{osFile: f.(*osFile)}
	a := newAudit("", file, nil)
	var waiting [committed]chan bool
	var logged, ended sync.WaitGroup
	for i := range waiting {
		waiting[i] = make(chan bool, 1)
		ended.Go(func() {
			for range waiting[i] {
				if err := a.LogWritten(tb.Context(), full()); err != nil {
					tb.Error(err)
				}
				logged.Done()
			}
		})
	}
	for range commits {
		logged.Add(committed)
		for _, c := range waiting {
			c <- true
		}
		logged.Wait()
	}
	for _, c := range waiting {
		close(c)
	}
	ended.Wait()
	if err := a.Close(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return file.writes
}

// countedFile counts write calls; the writing goroutine alone calls it.
type countedFile struct {
	*osFile
	writes int
}

func (f *countedFile) Write(p []byte) (int, error) {
	f.writes++
	return f.osFile.Write(p)
}

// processorTime is what this process has used.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
