package link

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

const (
	// maxFrameBytes is what any frame of the link has room in.
	maxFrameBytes = ftd.FrameHeaderLen + ftd.MaxExtLen + ftd.MaxBodyLen
	// firstQueueBytes is how large a queue is at first; it grows by doubling.
	firstQueueBytes = 64 << 10
	// passBytes is how much Pass gathers before it writes without a Flush.
	passBytes = 32 << 10
	// maxRounds is how often one caller writes what others appended meanwhile, before the writer goroutine takes over.
	maxRounds = 4
	// reserveForSession is a session's part of the reserve: a SessionClose and a SessionAbort.
	reserveForSession = 2 * (ftd.SessionHeaderLen + ftd.MessageHeaderLen + ftd.FieldHeaderLen + 101)
	leastReserve      = 1 << 20
)

// reserveOf is how many bytes over Options.QueueBytes messages may use that the front must not omit.
func reserveOf(maxSessions int) int { return max(leastReserve, maxSessions*reserveForSession) }

// sender is what an outbox writes to.
type sender interface {
	// load takes the bytes to be written next; nothing is left of those before. b is the sender's until
	// attempt or finish is done, unless it says at once that it needs it no more.
	load(b []byte) error
	// attempt writes what the socket takes now; done says that nothing is left.
	attempt() (done bool, err error)
	// finish writes the rest, and waits.
	finish() error
}

// outbox is the queue to one connection. The first that finds no write under way writes itself; what the socket does
// not take, and what is appended meanwhile, is written by the writer goroutine.
type outbox struct {
	to       sender
	limit    int // Options.QueueBytes
	reserve  int
	low      int
	wait     time.Duration
	began    time.Time
	observer Observer
	failed   func(p *problem) // called once, without mu; nothing is written after it

	mu       sync.Mutex
	queue    []byte    // to be written next
	spare    []byte    // being written, or empty
	writing  bool      // spare is being written, or is the writer goroutine's
	handed   bool      // the writer goroutine is to go on
	closed   bool      // nothing is taken any more
	credit   int64     // business frames that may be sent; negative: unlimited
	held     time.Time // Wait is true since; zero while there is nothing to wait for
	business int       // business frames in queue
	link     int       // others, but for heartbeats
	beats    int

	sent    atomic.Int64  // nanoseconds from began until something was last handed to the socket
	wake    chan struct{} // to the writer goroutine, room for one
	emptied chan struct{} // after the last byte was written, room for one
}

func newOutbox(to sender, o *Options, failed func(p *problem)) *outbox {
	return &outbox{
		to: to, limit: o.QueueBytes, reserve: reserveOf(o.MaxSessions), low: o.QueueLow, wait: o.Wait, began: time.Now(),
		observer: o.Observer, failed: failed,
		queue: make([]byte, 0, firstQueueBytes), spare: make([]byte, 0, firstQueueBytes),
		wake: make(chan struct{}, 1), emptied: make(chan struct{}, 1),
	}
}

// size is how many bytes wait, those that are being written among them. mu is held.
func (o *outbox) size() int { return len(o.queue) + len(o.spare) }

// room makes place for n bytes at the end of queue, and wipes what it leaves. mu is held.
func (o *outbox) room(n int) {
	if len(o.queue)+n <= cap(o.queue) {
		return
	}
	larger := make([]byte, len(o.queue), max(2*cap(o.queue), len(o.queue)+n))
	copy(larger, o.queue)
	clear(o.queue)
	o.queue = larger
}

// pass appends a session's business frame, if the core takes one.
func (o *outbox) pass(tag ftd.SessionTag, body []byte) reason.Reason {
	o.mu.Lock()
	switch {
	case o.closed:
		o.mu.Unlock()
		return reason.CoreAway
	case o.credit == 0:
		o.mu.Unlock()
		return reason.CoreNoCredit
	case o.size()+ftd.SessionHeaderLen+len(body) > o.limit:
		o.mu.Unlock()
		return reason.CoreFull
	}
	if o.credit > 0 {
		o.credit--
	}
	o.room(ftd.SessionHeaderLen + len(body))
	o.queue = ftd.AppendSessionFrame(o.queue, tag, body)
	o.business++
	full := len(o.queue) >= passBytes
	o.mu.Unlock()
	if full {
		o.flush()
	}
	return reason.OK
}

// passFree appends a session's frame that costs no credit, unless the queue is full.
func (o *outbox) passFree(tag ftd.SessionTag, body []byte) reason.Reason {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.closed:
		return reason.CoreAway
	case o.size()+ftd.SessionHeaderLen+len(body) > o.limit:
		return reason.CoreFull
	}
	o.room(ftd.SessionHeaderLen + len(body))
	o.queue = ftd.AppendSessionFrame(o.queue, tag, body)
	o.link++
	return reason.OK
}

// put appends the message that build makes, unless the queue is full. err is build's. Nothing is written yet.
func (o *outbox) put(build func(dst []byte) ([]byte, error)) (reason.Reason, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.closed:
		return reason.CoreAway, nil
	case o.size()+maxFrameBytes > o.limit:
		return reason.CoreFull, nil
	}
	return reason.OK, o.build(build)
}

// must appends the message that build makes, also to a full queue: it is one that the front must not omit. Over
// the reserve the connection has failed. It reports whether the message is in the queue.
func (o *outbox) must(build func(dst []byte) ([]byte, error)) (bool, error) {
	o.mu.Lock()
	if o.closed {
		o.mu.Unlock()
		return false, nil
	}
	if o.size()+maxFrameBytes > o.limit+o.reserve {
		o.mu.Unlock()
		o.fail(problemf(QueueOverrun, "%d bytes wait for the core to read them", o.limit+o.reserve))
		return false, nil
	}
	err := o.build(build)
	o.mu.Unlock()
	return err == nil, err
}

// build appends a message to queue, which mu guards. On error nothing is appended.
func (o *outbox) build(build func(dst []byte) ([]byte, error)) error {
	o.room(maxFrameBytes)
	before := len(o.queue)
	longer, err := build(o.queue)
	if err != nil {
		clear(o.queue[before:cap(o.queue)])
		return err
	}
	o.queue = longer
	o.link++
	return nil
}

// beat appends a heartbeat unless something waits: that is one.
func (o *outbox) beat() {
	o.mu.Lock()
	if !o.closed && o.size() == 0 {
		o.queue = ftd.AppendHeartbeat(o.queue)
		o.beats++
	}
	o.mu.Unlock()
	o.flush()
}

// flush writes at once if no write is under way; else the one under way is followed by another.
func (o *outbox) flush() {
	o.mu.Lock()
	if o.writing || o.closed || len(o.queue) == 0 {
		o.mu.Unlock()
		return
	}
	o.writing = true
	o.mu.Unlock()
	for range maxRounds {
		if !o.take() {
			return
		}
		done, err := o.to.attempt()
		if err != nil {
			o.broken(err)
			return
		}
		if !done {
			break
		}
		if !o.wrote() {
			return
		}
	}
	o.hand()
}

// hand lets the writer goroutine go on, unless the queue is closed: that goroutine may have ended by then.
func (o *outbox) hand() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		o.wipe()
		return
	}
	o.handed = true
	o.wake <- struct{}{} // there is never more than one
}

// wipe forgets what is not written: it may be a password. mu is held, and the caller is the one that writes.
func (o *outbox) wipe() {
	clear(o.spare)
	o.spare, o.writing, o.handed = o.spare[:0], false, false
}

// abandon wipes what was handed to the writer goroutine, which does not go on.
func (o *outbox) abandon() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.handed {
		o.wipe()
	}
}

// run is the writer goroutine: it writes what is handed to it, until stop. The queue is closed before that.
func (o *outbox) run(stop <-chan struct{}) {
	defer o.abandon()
	for {
		select {
		case <-stop:
			return
		case <-o.wake:
		}
		for {
			if err := o.to.finish(); err != nil {
				o.broken(err)
				return
			}
			if !o.wrote() || !o.take() {
				break
			}
		}
	}
}

// take makes queue the bytes that are written, if the last are done. It reports whether there is something to write. The
// caller is the one that writes.
func (o *outbox) take() bool {
	o.mu.Lock()
	if o.closed {
		o.writing = false
		o.mu.Unlock()
		return false
	}
	if len(o.spare) > 0 {
		o.mu.Unlock()
		return true
	}
	o.queue, o.spare = o.spare, o.queue
	b := o.spare
	o.count()
	o.mu.Unlock()
	o.sent.Store(int64(time.Since(o.began)))
	if err := o.to.load(b); err != nil {
		o.broken(err)
		return false
	}
	return true
}

// lastSent is when something was last handed to the socket.
func (o *outbox) lastSent() time.Time { return o.began.Add(time.Duration(o.sent.Load())) }

// count tells the observer what is handed over. mu is held.
func (o *outbox) count() {
	for kind, n := range [frameKindCount]*int{&o.business, &o.link, &o.beats} {
		if *n > 0 {
			o.observer.Frames(ToCore, FrameKind(kind), *n)
			*n = 0
		}
	}
}

// wrote wipes what was written. It reports whether there is more, and gives up writing if not.
func (o *outbox) wrote() (more bool) {
	o.mu.Lock()
	clear(o.spare)
	o.spare = o.spare[:0]
	o.unhold()
	more = len(o.queue) > 0 && !o.closed
	o.writing, o.handed = more, o.handed && more
	o.mu.Unlock()
	if !more {
		select {
		case o.emptied <- struct{}{}:
		default:
		}
	}
	return more
}

// broken ends the writing by an error. The caller is the one that writes.
func (o *outbox) broken(err error) {
	o.mu.Lock()
	clear(o.spare)
	o.spare = o.spare[:0]
	o.mu.Unlock()
	o.fail(&problem{BrokenConnection, err})
}

// fail closes the queue and says why.
func (o *outbox) fail(p *problem) {
	if o.close() {
		o.failed(p)
	}
}

// close drops what waits. Only the first call reports true.
func (o *outbox) close() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return false
	}
	o.closed = true
	clear(o.queue)
	o.queue = nil
	select {
	case o.emptied <- struct{}{}:
	default:
	}
	return true
}

// shut takes nothing any more, if nothing waits.
func (o *outbox) shut() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || o.writing || o.size() > 0 {
		return false
	}
	o.closed = true
	return true
}

// hold reports that terminals should be left unread: the queue is above the low water or there is no credit, and
// that not longer than Options.Wait.
func (o *outbox) hold() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.unhold() {
		return false
	}
	if o.held.IsZero() {
		o.held = time.Now()
	}
	return time.Since(o.held) < o.wait
}

// crowded reports that more than the low water waits: what must be told is not to grow to the reserve.
func (o *outbox) crowded() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.closed && o.size() > o.low
}

// unhold reports that there is no cause to hold terminals back; the next one begins anew. mu is held.
func (o *outbox) unhold() bool {
	if !o.closed && (o.credit == 0 || o.size() > o.low) {
		return false
	}
	o.held = time.Time{}
	return true
}

// state is for the status page.
func (o *outbox) state() (credit int32, queued int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return int32(o.credit), o.size()
}

// drained waits until no more than n bytes wait. It reports false if the queue is closed, or ctx ends before.
func (o *outbox) drained(ctx context.Context, n int) bool {
	for {
		o.mu.Lock()
		open, size := !o.closed, o.size()
		o.mu.Unlock()
		if !open || size <= n {
			return open
		}
		select {
		case <-ctx.Done():
			return false
		case <-o.emptied:
		}
	}
}
