package simulation

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

var (
	errReset  = errors.New("simulation: connection reset")
	errClosed = errors.New("simulation: use of a closed connection")
)

// cable is a TCP connection from a front's link to a core. What either side writes is on its way until the
// controller moves it. To the front it is a net.Conn.
type cable struct {
	process *process
	core    *tradingCore
	number  int

	mu       sync.Mutex
	changed  sync.Cond
	toCore   []byte // written by the front, not read by the core
	room     int    // of toCore; the front's Write waits for it
	toFront  []byte // written by the core, on its way
	readable []byte // arrived at the front
	closed   bool   // by the front, or its process has ended
	finished bool   // the core has closed: the front reads to the end of toFront, then EOF
	broken   bool   // the front gets an error

	frozen bool // nothing moves

	// The core's side.
	seen     bool   // LinkLogin came
	left     bool   // the core has seen the end, or has closed
	arrived  []byte // less than a frame
	credit   int64  // business frames that may still come; negative: unlimited
	loose    bool   // frames may be on their way under an earlier credit
	business map[int32]uint32
	over     map[int32]bool // sessions that the front has ended on this cable
	said     int            // frames that the core sent
}

// newCable connects a front to a core. The core sees the connection at once.
func newCable(p *process, k *tradingCore) *cable {
	k.accepted++
	c := &cable{process: p, core: k, number: k.accepted, room: p.w.core.socket, business: make(map[int32]uint32), over: make(map[int32]bool)}
	c.changed.L = &c.mu
	return c
}

func (c *cable) String() string { return fmt.Sprintf("cable %s.%d", c.core.name, c.number) }

// Read is part of net.Conn.
func (c *cable) Read(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case c.closed:
			return 0, errClosed
		case c.broken:
			return 0, errReset
		case len(c.readable) > 0:
			n := copy(b, c.readable)
			c.readable = c.readable[n:]
			return n, nil
		case c.finished && len(c.toFront) == 0:
			return 0, io.EOF
		}
		c.changed.Wait()
	}
}

// Write is part of net.Conn.
func (c *cable) Write(b []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch room := c.room - len(c.toCore); {
		case c.closed:
			return n, errClosed
		case c.broken:
			return n, errReset
		case room > 0:
			take := min(room, len(b)-n)
			c.toCore = append(c.toCore, b[n:n+take]...)
			n += take
			if n == len(b) {
				return n, nil
			}
		}
		c.changed.Wait()
	}
}

// Close is part of net.Conn. What was written is still on its way.
func (c *cable) Close() error {
	c.change(func() { c.closed = true })
	return nil
}

// CloseWrite says to the core that nothing follows: here the front reads nothing of interest any more.
func (c *cable) CloseWrite() error { return c.Close() }

// change lets the front's goroutines look again.
func (c *cable) change(f func()) {
	c.mu.Lock()
	f()
	c.changed.Broadcast()
	c.mu.Unlock()
}

type simulatedAddr struct{}

func (simulatedAddr) Network() string { return "simulated" }
func (simulatedAddr) String() string  { return "simulated" }

// LocalAddr and the others are part of net.Conn.
func (*cable) LocalAddr() net.Addr              { return simulatedAddr{} }
func (*cable) RemoteAddr() net.Addr             { return simulatedAddr{} }
func (*cable) SetDeadline(time.Time) error      { return nil }
func (*cable) SetReadDeadline(time.Time) error  { return nil }
func (*cable) SetWriteDeadline(time.Time) error { return nil }

// onTheWay is how many bytes wait for the controller in each direction.
func (c *cable) onTheWay() (toCore, toFront int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.broken {
		return len(c.toCore), 0
	}
	return len(c.toCore), len(c.toFront)
}

// frontEnded reports that no byte follows those in toCore.
func (c *cable) frontEnded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed || c.broken
}

// toCoreMoves brings n bytes to the core.
func (c *cable) toCoreMoves(n int) {
	var b []byte
	c.change(func() {
		b = append(b, c.toCore[:n]...)
		c.toCore = c.toCore[n:]
	})
	c.core.receive(c, b)
}

// toFrontMoves brings n bytes to the front.
func (c *cable) toFrontMoves(n int) {
	c.change(func() {
		c.readable = append(c.readable, c.toFront[:n]...)
		c.toFront = c.toFront[n:]
	})
}

// send is the core's: frames to the front.
func (c *cable) send(frames ...[]byte) {
	if c.left {
		return
	}
	c.change(func() {
		for _, f := range frames {
			c.toFront = append(c.toFront, f...)
			c.said++
		}
	})
}

// leave is the core's end of the connection: it closed, crashed, or saw that the front has gone.
func (c *cable) leave() {
	c.left = true
	c.change(func() { c.finished = true })
}

// cut breaks the connection. The front learns it now, the core once it has read what had come through.
func (c *cable) cut(through int) {
	c.change(func() {
		c.broken = true
		c.toCore = c.toCore[:through]
	})
}
