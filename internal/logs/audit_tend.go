package logs

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/sys/unix"
)

const (
	tendPeriod = time.Second
	// keepFreeFactor is how many times AuditLimits.KeepFree must be free for lines other than
	// those of accepted logins, and keepFreeLeave for them to come back.
	keepFreeFactor = 2.0
	keepFreeLeave  = 2.2
)

// AuditLimits are the bounds of the audit log that a reload may change.
type AuditLimits struct {
	// KeepFree is how many bytes of its disk the store needs: as long as less than twice as
	// much is free, only lines of accepted logins are written; 0 for no reserve.
	KeepFree int64
	// Exempt networks have no budget of lines of their own, only that of the front.
	Exempt []netip.Prefix
}

// SetLimits takes effect at once.
func (a *Audit) SetLimits(l AuditLimits) {
	a.mu.Lock()
	a.keepFree, a.budget.exempt = l.KeepFree, slices.Clone(l.Exempt)
	a.mu.Unlock()
	a.lookAtDisk()
}

// Suppressed is how many lines were left out since the start.
func (a *Audit) Suppressed() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.budget.counted
}

// Sparing is why only lines of accepted logins are written, "" if all are.
func (a *Audit) Sparing() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.budget.low {
		return ""
	}
	return fmt.Sprintf("%s are free on its disk, less than twice the %s of store.min_free: "+
		"refusals and authentications are only counted; make room", humanize.IBytes(uint64(a.free)), humanize.IBytes(uint64(a.keepFree)))
}

// DiskFree is how many bytes were free on the log's disk at the last look; false before the first, and without a file.
func (a *Audit) DiskFree() (bytes int64, known bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.free, a.looked
}

// tend reports what was left out and checks the disk and the file, each second, until Close.
func (a *Audit) tend() {
	tick := time.NewTicker(tendPeriod)
	defer tick.Stop()
	for {
		select {
		case <-a.closing:
			return
		case <-tick.C:
		}
		a.lookAtDisk()
		a.lookAtFile()
		a.summarise(false)
	}
}

// lookAtDisk keeps the last state if the file system does not return how much is free.
func (a *Audit) lookAtDisk() {
	a.mu.Lock()
	look := a.freeBytes
	a.mu.Unlock()
	if look == nil {
		return
	}
	free, err := look() // without mu: it may hang with the file system
	if err != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	factor := keepFreeFactor
	if a.budget.low {
		factor = keepFreeLeave
	}
	a.looked = true
	a.free, a.budget.low = free, float64(free) < factor*float64(a.keepFree)
}

// summarise queues the lines that report what was left out.
func (a *Audit) summarise(all bool) {
	a.mu.Lock()
	if !a.closed {
		a.queueSummaries(all)
	}
	a.mu.Unlock()
	a.work.Signal()
}

// queueSummaries goes over maxQueued where it must: there are maxSummaries at most. mu is held.
func (a *Audit) queueSummaries(all bool) {
	for _, e := range a.budget.summaries(all, time.Now()) {
		line := encode(&e)
		a.queue.lines = append(a.queue.lines, line.Bytes()...)
		a.queue.entries++
		line.Free()
	}
}

// diskFree measures what is free on the file's disk for a user that is not root.
func diskFree(path string) func() (int64, error) {
	if path == "" {
		return nil
	}
	folder := filepath.Dir(path)
	return func() (int64, error) {
		var s unix.Statfs_t
		if err := unix.Statfs(folder, &s); err != nil {
			return 0, err
		}
		return int64(s.Bavail) * int64(s.Bsize), nil //nolint:unconvert // not int64 on every system
	}
}
