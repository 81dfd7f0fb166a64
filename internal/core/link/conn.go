package link

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// readBufferBytes is how much of a core's is read at once.
const readBufferBytes = 64 << 10

// closePatience is how long a stopping front waits for a core that has read everything to close.
const closePatience = time.Second

// conn is one connection to a core.
type conn struct {
	link     *Link
	endpoint *endpoint
	wire     *wire
	out      *outbox
	began    time.Time
	heard    atomic.Int64           // nanoseconds from began until something was last received
	tenure   atomic.Pointer[tenure] // the latest under this connection; written under Link.mu
	ended    []*tenure              // those that are over and not released; Link.mu guards them

	ctx    context.Context // ends with the connection
	cancel context.CancelFunc
	once   sync.Once
	first  *problem    // why it ended, once ctx has
	timer  *time.Timer // of watch

	accepts atomic.Uint32 // how often the core has said how it is; see look

	// Of the reader alone.
	received [frameKindCount]int // frames that the observer does not know
	open     []*session          // used again by each broadcast
}

func newConn(l *Link, e *endpoint, w *wire) *conn {
	c := &conn{link: l, endpoint: e, wire: w, began: time.Now()}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.out = newOutbox(w, &l.options, func(p *problem) { c.end(p) })
	return c
}

// end closes the connection; the reader then ends. The first problem counts.
func (c *conn) end(p *problem) {
	c.once.Do(func() {
		c.first = p
		c.out.close()
		c.cancel()
		c.wire.close()
	})
}

// leave writes what waits, and says to the core that nothing follows. It reports false if ctx ended before.
func (c *conn) leave(ctx context.Context) bool {
	c.out.flush()
	left := c.out.drained(ctx, 0)
	if left && c.out.shut() {
		c.wire.closeWrite()
		timer := time.NewTimer(closePatience)
		defer timer.Stop()
		select {
		case <-c.ctx.Done(): // the core closed
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	c.end(problemf(FrontStopped, "the front stops"))
	return left || ctx.Err() == nil
}

// fault is why the connection ended.
func (c *conn) fault() *problem { return c.first }

// hears notes that something was received, or that the core has the time to be heard from now on.
func (c *conn) hears() { c.heard.Store(int64(time.Since(c.began))) }

// serve greets the core, and reads until the connection ends.
func (c *conn) serve() *problem {
	l := c.link
	c.hears()
	stop := context.AfterFunc(l.ctx, func() { c.end(problemf(FrontStopped, "the front stops")) })
	defer stop()
	l.group.Go(func() { c.out.run(c.ctx.Done()) })
	if err := c.greet(); err != nil {
		return &problem{Unexpected, err}
	}
	c.out.flush()
	c.watch()
	defer c.timer.Stop()
	return c.read()
}

func (c *conn) greet() (err error) {
	l := c.link
	l.step(func() {
		c.endpoint.conn = c
		_, err = c.out.must(func(dst []byte) ([]byte, error) {
			return c.endpoint.machine.connected(time.Now(), dst, &l.identity)
		})
	})
	return err
}

// watch sends heartbeats, and ends the connection of a core that is silent. The timer is to be stopped.
func (c *conn) watch() {
	armed := make(chan struct{})
	c.timer = time.AfterFunc(0, func() {
		<-armed
		c.look(c.tick)
	})
	close(armed)
}

// look sets the timer to when tick wants to look again. An acceptance that comes behind tick sets it to look at once, by another heartbeat:
// that must not be put off by what tick found before.
func (c *conn) look(tick func() time.Duration) {
	before := c.accepts.Load()
	again := tick()
	if again <= 0 {
		return
	}
	c.timer.Reset(again)
	if c.accepts.Load() != before {
		c.timer.Reset(0)
	}
}

// tick looks whether a heartbeat is due. It says when to look again, 0 for never.
func (c *conn) tick() time.Duration {
	l := c.link
	if c.ctx.Err() != nil {
		return 0
	}
	l.mu.Lock()
	m := &c.endpoint.machine
	today := l.today()
	if m.alarmed() && m.core.day == today {
		m.compareDay(today)
		l.settle()
		l.noteStates()
	}
	if m.outdated(today) {
		c.endpoint.log.outdated(l.logger, c.endpoint, today)
	}
	send, again, p := m.tick(time.Now(), c.began.Add(time.Duration(c.heard.Load())), c.out.lastSent())
	l.mu.Unlock()
	if p != nil {
		c.end(p)
		return 0
	}
	if send {
		c.out.beat()
	}
	return again
}

// read takes frames until the connection ends.
func (c *conn) read() *problem {
	from := c.wire.reader()
	buf := make([]byte, readBufferBytes)
	for have := 0; ; {
		n, err := from.Read(buf[have:])
		if n > 0 {
			c.hears()
			c.link.reading.RLock() // see Hold
			used, p := c.frames(buf[:have+n])
			c.link.reading.RUnlock()
			c.tell()
			if p != nil {
				return p
			}
			have = copy(buf, buf[used:have+n])
		}
		if err != nil {
			return readProblem(err)
		}
	}
}

func readProblem(err error) *problem {
	switch fault := tlsFault(err); {
	case errors.Is(err, io.EOF):
		return problemf(PeerClosed, "the core closed the connection")
	case fault == CertificateRefused:
		return &problem{fault, err}
	}
	return &problem{BrokenConnection, err}
}

// frames takes the whole frames off buf; used is their length.
func (c *conn) frames(buf []byte) (used int, p *problem) {
	for {
		f, n, err := ftd.DecodeFrame(buf[used:], ftd.MaxBodyLen)
		switch {
		case err != nil:
			return used, &problem{Malformed, err}
		case n == 0:
			return used, nil
		case c.ctx.Err() != nil:
			return used, c.fault()
		}
		used += n
		if p := c.frame(f); p != nil {
			return used, p
		}
	}
}

// tell tells the observer how many frames came since the last call.
func (c *conn) tell() {
	for kind, n := range c.received {
		if n > 0 {
			c.link.observer.Frames(FromCore, FrameKind(kind), n)
		}
	}
	c.received = [frameKindCount]int{}
}
