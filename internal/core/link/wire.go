package link

import (
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// wire writes to one connection, plain or by TLS, without waiting where the system can do that.
type wire struct {
	raw net.Conn
	tls *tls.Conn // nil: plain
	out *sealed   // what tls writes to
	try *direct   // nil: the connection has no descriptor, the writer goroutine writes
	b   []byte    // left to be written
}

// newWire is over raw, which has no TLS.
func newWire(raw net.Conn) *wire { return &wire{raw: raw, try: directOf(raw)} }

// secure puts TLS over the wire. The handshake of the returned connection is to be done next, and then gather.
func (w *wire) secure(config *tls.Config) *tls.Conn {
	w.out = &sealed{Conn: w.raw}
	w.tls = tls.Client(w.out, config)
	return w.tls
}

// gather ends the handshake: what TLS writes is from now on written by attempt and finish.
func (w *wire) gather() { w.out.gather.Store(true) }

// reader is where frames come from.
func (w *wire) reader() net.Conn {
	if w.tls != nil {
		return w.tls
	}
	return w.raw
}

func (w *wire) load(b []byte) error {
	if w.tls == nil {
		w.b = b
		return nil
	}
	if _, err := w.tls.Write(b); err != nil {
		return err
	}
	w.b = w.out.take()
	return nil
}

func (w *wire) attempt() (done bool, err error) {
	if len(w.b) > 0 && w.try != nil {
		n, err := w.try.write(w.b)
		if err != nil {
			return false, err
		}
		w.b = w.b[n:]
	}
	return len(w.b) == 0, nil
}

func (w *wire) finish() error {
	if len(w.b) == 0 {
		return nil
	}
	_, err := w.raw.Write(w.b)
	w.b = nil
	return err
}

// closeWrite says that nothing follows. Nothing is being written.
func (w *wire) closeWrite() {
	if w.tls != nil {
		if err := w.tls.CloseWrite(); err == nil {
			_ = w.raw.SetWriteDeadline(time.Now().Add(closePatience))
			_, _ = w.raw.Write(w.out.take())
		}
	}
	if half, ok := w.raw.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

func (w *wire) close() { _ = w.raw.Close() }

// sealed is the connection below TLS: after the handshake its Write only remembers. The reader of TLS may write too
// (an answer to a change of keys): that waits for the next frame.
type sealed struct {
	net.Conn
	gather atomic.Bool

	mu    sync.Mutex
	bytes []byte
	other []byte // taken before, and written by now
}

func (s *sealed) Write(b []byte) (int, error) {
	if !s.gather.Load() {
		return s.Conn.Write(b)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes = append(s.bytes, b...)
	return len(b), nil
}

// take is what was written since the last take, whose bytes are used again.
func (s *sealed) take() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.bytes
	s.bytes, s.other = s.other[:0], taken
	return taken
}

// direct writes to a descriptor once.
type direct struct {
	conn syscall.RawConn
	b    []byte
	n    int
	err  error
	once func(fd uintptr) (done bool) // kept, so that no write allocates it
}

func directOf(c net.Conn) *direct {
	if !writesOnce {
		return nil
	}
	has, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := has.SyscallConn()
	if err != nil {
		return nil
	}
	a := &direct{conn: raw}
	a.once = func(fd uintptr) bool {
		a.n, a.err = writeOnce(fd, a.b)
		return true
	}
	return a
}

// write writes what the socket takes now.
func (a *direct) write(b []byte) (n int, err error) {
	a.b, a.n, a.err = b, 0, nil
	err = a.conn.Write(a.once)
	a.b = nil
	if err != nil {
		return 0, err
	}
	return a.n, a.err
}
