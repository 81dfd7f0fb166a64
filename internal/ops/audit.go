package ops

import (
	"errors"
	"fmt"
	"sync"
)

const (
	// maxQueued is how many entries may wait for the disk before Log waits too.
	maxQueued = 65536
	// keepBuffer is the largest queue buffer in bytes that is kept for use again.
	keepBuffer = 1 << 20
)

// ErrAuditClosed is what an observer is told when Log is called after Close.
var ErrAuditClosed = errors.New("audit log: closed")

// AuditObserver hears what became of entries. It is called from the writing goroutine, or
// after Close from Log, and must not block or call back into the Audit.
type AuditObserver interface {
	// AuditWritten says that so many entries were handed to the operating system.
	AuditWritten(entries int)
	// AuditFailed says that so many entries are lost, or 0 if only a sync failed.
	AuditFailed(entries int, err error)
}

// Audit is the audit log. All methods may be called from any goroutine.
type Audit struct {
	path      string // "" for standard error
	observers []AuditObserver

	mu     sync.Mutex // guards the queue
	room   sync.Cond  // signalled when the queue was taken or Close was called
	work   sync.Cond  // signalled when the queue is no longer empty or Close was called
	queue  []byte     // encoded lines
	queued int        // how many
	closed bool

	io   sync.Mutex // guards file and torn; never taken while mu is held
	file auditFile
	torn []byte // the rest of a line of which a failed write left the beginning in file

	done     chan struct{} // closed when the writer has drained and synced
	closeErr error         // of the last sync and close; read after done
}

// auditFile is what the writer needs of a file; tests have one with a full disk.
type auditFile interface {
	Write([]byte) (int, error)
	Sync() error
	Close() error
}

// OpenAudit opens the audit log for appending, and makes it with mode 0640 if it is not
// there. path "" is standard error. The caller closes it.
func OpenAudit(path string, observers ...AuditObserver) (*Audit, error) {
	file, err := openAuditFile(path)
	if err != nil {
		return nil, err
	}
	return newAudit(path, file, observers), nil
}

func newAudit(path string, file auditFile, observers []AuditObserver) *Audit {
	a := &Audit{path: path, file: file, observers: observers, done: make(chan struct{})}
	a.room.L, a.work.L = &a.mu, &a.mu
	go a.write()
	return a
}

// Log queues one entry. It waits only while maxQueued entries wait already.
func (a *Audit) Log(e Entry) {
	line := encode(&e)
	defer line.Free()

	a.mu.Lock()
	for a.queued >= maxQueued && !a.closed {
		a.room.Wait()
	}
	if a.closed {
		a.mu.Unlock()
		a.failed(1, ErrAuditClosed)
		return
	}
	a.queue = append(a.queue, line.Bytes()...)
	a.queued++
	a.mu.Unlock()
	a.work.Signal()
}

// Close writes out what is queued, syncs the file and closes it. The error is of the sync
// or the close; a second Close returns the same. Entries logged afterwards are lost, and
// the observers are told.
func (a *Audit) Close() error {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.work.Broadcast()
	a.room.Broadcast()
	<-a.done
	return a.closeErr
}

// Reopen goes on in a new file of the same name, after log rotation moved the old one
// away, which is synced and closed. On error the old file stays in use.
func (a *Audit) Reopen() error {
	if a.path == "" {
		return nil
	}
	select {
	case <-a.done:
		return ErrAuditClosed
	default:
	}
	next, err := openAuditFile(a.path)
	if err != nil {
		return err
	}
	return a.swap(next)
}

func (a *Audit) swap(next auditFile) error {
	a.io.Lock()
	defer a.io.Unlock()
	if a.file == nil { // closed meanwhile
		return errors.Join(ErrAuditClosed, next.Close())
	}
	// The rest of a torn line belongs to the old file; if it still cannot be written
	// there, its entry has been counted as lost already.
	_, _ = a.file.Write(a.torn)
	old := a.file
	a.file, a.torn = next, nil
	return errors.Join(old.Sync(), old.Close())
}

// write is the only goroutine that writes entries, from newAudit until Close.
func (a *Audit) write() {
	defer close(a.done)
	var spare []byte
	for {
		lines, entries := a.take(spare)
		if entries == 0 {
			break
		}
		a.flush(lines, entries)
		spare = lines[:0]
		if cap(spare) > keepBuffer { // after a burst, give the memory back
			spare = nil
		}
	}
	a.io.Lock()
	defer a.io.Unlock()
	_, _ = a.file.Write(a.torn) // a last try to complete a torn line
	err := a.file.Sync()
	if err != nil {
		a.failed(0, fmt.Errorf("audit log: %w", err))
	}
	a.closeErr = errors.Join(err, a.file.Close())
	a.file = nil
}

// take waits for entries, takes them all and leaves spare as the empty queue. No entries
// means closed and drained.
func (a *Audit) take(spare []byte) (lines []byte, entries int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.queued == 0 && !a.closed {
		a.work.Wait()
	}
	lines, entries = a.queue, a.queued
	a.queue, a.queued = spare, 0
	a.room.Broadcast()
	return lines, entries
}

func (a *Audit) written(entries int) {
	for _, o := range a.observers {
		o.AuditWritten(entries)
	}
}

func (a *Audit) failed(entries int, err error) {
	for _, o := range a.observers {
		o.AuditFailed(entries, err)
	}
}
