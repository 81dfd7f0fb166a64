package logs

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

const (
	// maxQueued is how many entries may wait for the disk before further ones are dropped.
	maxQueued = 65536
	// keepBuffer is the largest queue buffer in bytes that is kept for use again.
	keepBuffer = 1 << 20
	// stalledAfter is how long a write may take before Trouble reports it.
	stalledAfter = 5 * time.Second
	// dropPeriod is how often the observers are called for entries that are dropped.
	dropPeriod = time.Second
)

// What becomes of an entry that was not even queued.
var (
	// ErrAuditClosed means that the entry came after Close.
	ErrAuditClosed = errors.New("audit log: closed")
	// ErrAuditFull means that the entry was dropped, since maxQueued wait for the disk.
	ErrAuditFull = errors.New("audit log: the queue is full, its file does not keep up")
)

// AuditObserver counts what became of entries. The writing goroutine calls it, another one for
// dropped entries, and after Close Log does: several at once. It must not block, nor call the
// Audit.
type AuditObserver interface {
	// AuditWritten is called when so many entries were handed to the operating system.
	AuditWritten(entries int)
	// AuditFailed is called when so many entries are lost, or 0 if only a sync failed.
	AuditFailed(entries int, err error)
}

// Audit is the audit log. All methods may be called from any goroutine.
type Audit struct {
	path      string // "" for standard error
	observers []AuditObserver

	mu        sync.Mutex // guards all up to io; held for a few instructions only
	work      sync.Cond  // signalled when the queue is no longer empty or Close was called
	queue     batch      // what the next write takes
	writing   int        // entries that were taken and whose write has not returned
	since     time.Time  // when they were taken
	trouble   error      // of the last write, or of a drop since
	dropped   int        // entries that were not reported to the observers yet
	reporting bool       // whether reportDrops runs
	closed    bool

	budget   *budget // of lines that cost an attacker nothing
	keepFree int64   // AuditLimits.KeepFree
	free     int64   // bytes, at the last look
	looked   bool    // free is known

	freeBytes func() (int64, error)           // of the file's disk; nil if there is none to look at
	open      func(string) (auditFile, error) // openAuditFile, or openAuditTrusting; tests have another

	fileTrouble error // what was done to the file, since the last Reopen

	io   sync.Mutex // guards all up to helpers, for as long as a write lasts; never taken while mu is held
	file auditFile
	torn bool // file ends in a line of which a failed write left the beginning

	size    int64     // of file, at the last look
	movedAt time.Time // when file was found to be moved away; zero if it was not

	helpers  sync.WaitGroup // at most one reportDrops, and one that closes a file that was replaced
	closing  chan struct{}  // closed when closed becomes true
	done     chan struct{}  // closed when the writer has drained and synced
	closeErr error          // of the last sync and close; read after done
}

// batch is what one write call takes.
type batch struct {
	lines   []byte
	entries int
	outcome *outcome // nil as long as no call waits for it
}

// outcome is what became of a batch. The calls that wait for it keep it without the lines, whose
// memory is used again.
type outcome struct {
	done  chan struct{} // closed once; whole and err never change thereafter
	whole int           // so many entries from the first on were written whole
	err   error         // why the others were not
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
	return openAuditBy(path, openAuditFile, observers)
}

func openAuditBy(path string, open func(string) (auditFile, error), observers []AuditObserver) (*Audit, error) {
	file, err := open(path)
	if err != nil {
		return nil, err
	}
	return newAuditBy(path, file, open, observers), nil
}

func newAudit(path string, file auditFile, observers []AuditObserver) *Audit {
	return newAuditBy(path, file, openAuditFile, observers)
}

func newAuditBy(path string, file auditFile, open func(string) (auditFile, error), observers []AuditObserver) *Audit {
	a := &Audit{
		path: path, file: file, observers: observers, budget: newBudget(), freeBytes: diskFree(path), open: open,
		closing: make(chan struct{}), done: make(chan struct{}),
	}
	a.work.L = &a.mu
	go a.write()
	go a.tend()
	return a
}

// Log queues one entry. It never waits, because event loops call it: an entry that finds the
// queue full is dropped, and the observers are called. A refusal, or an authentication, that is
// over the budget of its source is counted, and reported by a line of EventSuppressed.
func (a *Audit) Log(e Entry) {
	if !a.allows(&e) {
		return
	}
	_, _, _ = a.enqueue(&e, false) // the observers were called for what is lost
}

// allows asks the budget. After Close nothing is counted any more: enqueue reports the loss.
func (a *Audit) allows(e *Entry) bool {
	if kindOf(e) == keptLine {
		return true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.closed || a.budget.allows(e, time.Now())
}

// LogWritten queues one entry and waits for the write call that contains its line: nil
// means that the operating system has it, so that it outlives this process, though not yet
// the machine. An error means that the entry is lost, and the observers were called, unless
// the error is ctx's: then the line may still be written.
func (a *Audit) LogWritten(ctx context.Context, e Entry) error {
	o, index, err := a.enqueue(&e, true)
	if err != nil {
		return err
	}
	select {
	case <-o.done:
	case <-ctx.Done():
		return fmt.Errorf("audit log: the entry waits to be written: %w", ctx.Err())
	}
	if index >= o.whole {
		return o.err
	}
	return nil
}

// enqueue appends the entry to the batch that is written next. index is its place there; o
// is nil unless awaited.
func (a *Audit) enqueue(e *Entry, awaited bool) (o *outcome, index int, err error) {
	line := encode(e)
	defer line.Free()

	a.mu.Lock()
	if a.closed {
		a.mu.Unlock()
		a.failed(1, ErrAuditClosed)
		return nil, 0, ErrAuditClosed
	}
	if a.queue.entries >= maxQueued {
		a.drop()
		a.mu.Unlock()
		return nil, 0, ErrAuditFull
	}
	if awaited && a.queue.outcome == nil {
		a.queue.outcome = &outcome{done: make(chan struct{})}
	}
	o, index = a.queue.outcome, a.queue.entries
	a.queue.lines = append(a.queue.lines, line.Bytes()...)
	a.queue.entries++
	a.mu.Unlock()
	a.work.Signal()
	return o, index, nil
}

// Close writes out what is queued, syncs the file and closes it. The error is of the sync
// or the close; a second Close returns the same. If ctx ends first, the error has how many
// entries are left: the writer still tries them for as long as the process runs. Entries
// logged after Close are lost, and the observers are called.
func (a *Audit) Close(ctx context.Context) error {
	a.mu.Lock()
	if !a.closed {
		a.queueSummaries(true)
		a.closed = true
		close(a.closing)
	}
	a.mu.Unlock()
	a.work.Signal()
	select {
	case <-a.done:
		return a.closeErr
	case <-ctx.Done():
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return fmt.Errorf("audit log: given up with %d entries not written: %w", a.writing+a.queue.entries, ctx.Err())
}

// Reopen continues in a new file of the same name, after log rotation moved the old one
// away, which is synced and closed. On error the old file stays in use, unless the error is
// ctx's: then a write or a sync does not return, and the new file is taken as soon as the
// write does.
func (a *Audit) Reopen(ctx context.Context) error {
	if a.path == "" {
		return nil
	}
	a.summarise(true)             // what was left out beside the old file's lines
	result := make(chan error, 1) // buffered: Reopen may have returned
	go func() { result <- a.reopen() }()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return fmt.Errorf("audit log: still to be reopened or synced: %w", ctx.Err())
	}
}

// reopen syncs the old file while entries are written to the new one already: a sync can
// take long, and logins wait for their write.
func (a *Audit) reopen() error {
	old, err := a.swap()
	if err != nil {
		return err
	}
	return errors.Join(old.Sync(), old.Close())
}

// swap opens the file only when it has its turn, so that of several Reopen the last to
// have it takes the file that then has the name.
func (a *Audit) swap() (old auditFile, err error) {
	a.io.Lock()
	defer a.io.Unlock()
	if a.file == nil {
		return nil, ErrAuditClosed
	}
	next, err := a.open(a.path)
	if err != nil {
		return nil, err
	}
	_ = a.endTorn() // if it fails, the old file ends in a torn line, which its readers tolerate
	old = a.file
	a.file, a.torn, a.size, a.movedAt = next, false, 0, time.Time{}
	a.mu.Lock()
	a.fileTrouble = nil
	a.mu.Unlock()
	return old, nil
}

// write is the only goroutine that writes entries, from newAudit until Close.
func (a *Audit) write() {
	defer close(a.done)
	var spare []byte
	for {
		b := a.take(spare)
		if b.entries == 0 {
			break
		}
		a.flush(b)
		spare = b.lines[:0]
		if cap(spare) > keepBuffer { // after a burst, give the memory back
			spare = nil
		}
	}
	a.finish()
	a.helpers.Wait() // after Close nothing starts one
}

// take waits for entries, takes them all and leaves spare as the empty queue. No entries
// means closed and drained.
func (a *Audit) take(spare []byte) batch {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.queue.entries == 0 && !a.closed {
		for a.queue.entries == 0 && !a.closed {
			a.work.Wait()
		}
		a.letOthersLog()
	}
	b := a.queue
	a.queue = batch{lines: spare}
	a.writing, a.since = b.entries, time.Now()
	return b
}

// letOthersLog lets the goroutines that can run append their lines before the first of them is written. A commit of the local store
// wakes all its logins at once; the scheduler runs the writer right after the first that has logged, and each line would have a
// write call of its own. Where nothing else can run, the writer goes on at once. mu is held, but for the moment between.
func (a *Audit) letOthersLog() {
	a.mu.Unlock()
	runtime.Gosched()
	a.mu.Lock()
}

// settle publishes what became of a batch, to Trouble and to the calls that wait for it, and then
// to the observers: one that blocks against its contract must not delay a login.
func (a *Audit) settle(b batch, whole int, err error) {
	a.mu.Lock()
	a.writing, a.trouble = 0, err
	a.mu.Unlock()
	if o := b.outcome; o != nil {
		o.whole, o.err = whole, err
		close(o.done)
	}
	if whole > 0 {
		a.written(whole)
	}
	if err != nil {
		a.failed(b.entries-whole, err)
	}
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
