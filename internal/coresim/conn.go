package coresim

import (
	"crypto/tls"
	"net"
	"sync"

	"go.uber.org/zap"
)

const (
	readBuffer = 128 << 10 // more than the longest frame
	keptBuffer = 1 << 20   // a longer output buffer is given back
	highWater  = 4 << 20   // of what waits to be written: then nothing is read from that front
)

// conn is a connection of a front. Everything but c and wake belongs to the server's mutex.
type conn struct {
	s *Server
	c net.Conn

	wake    chan struct{} // the writer has something to do
	link    *link
	spare   []byte
	writing bool
	drained sync.Cond // writing ended
	down    bool
}

// hangUp closes the connection; its goroutines then end.
func (k *conn) hangUp() {
	k.down = true
	c := k.c
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn() // at once: the mutex is held, and the alert by which TLS closes may wait
	}
	_ = c.Close()
	k.drained.Broadcast()
}

// run reads until the link ends.
func (k *conn) run() {
	s := k.s
	err := handshake(k.c)
	s.mu.Lock()
	k.link = s.engine.connect(s.o.Now())
	k.link.io = k
	s.mu.Unlock()
	stop := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() { k.write(stop) })
	if err == nil {
		err = k.read()
	}
	s.mu.Lock()
	delete(s.conns, k)
	s.engine.disconnect(k.link, s.o.Now())
	s.wake(nil)
	k.hangUp()
	s.o.Logger.Info("a link ended", zap.Stringer("from", k.c.RemoteAddr()), zap.String("fault", k.link.fault), zap.Error(err))
	s.mu.Unlock()
	close(stop)
	writer.Wait()
}

// read feeds the engine, and writes what it answers.
func (k *conn) read() error {
	buf, have := make([]byte, readBuffer), 0
	for {
		n, err := k.c.Read(buf[have:])
		k.s.stall.wait(k.s.done)
		if have += n; n > 0 {
			used, goOn := k.feed(buf[:have])
			have = copy(buf, buf[used:have])
			if !goOn {
				return nil
			}
		}
		if err != nil {
			return err
		}
	}
}

// feed says how many bytes were used, and whether the link goes on.
func (k *conn) feed(data []byte) (used int, goOn bool) {
	s := k.s
	s.mu.Lock()
	defer s.mu.Unlock()
	used = k.link.feed(s.o.Now(), data)
	s.wake(k.link)
	k.flush()
	for len(k.link.out) > highWater && k.writing && !k.down {
		k.drained.Wait()
	}
	return used, k.link.fault == "" && !k.down
}

// flush writes what waits, unless another goroutine does, and hangs up when the link is at its end. The mutex is held but
// while it writes.
func (k *conn) flush() {
	l := k.link
	for len(l.out) > 0 && !k.writing && !k.down {
		out := l.take(k.spare)
		k.spare, k.writing = nil, true
		k.s.mu.Unlock()
		k.s.stall.wait(k.s.done)
		_, err := k.c.Write(out)
		k.s.mu.Lock()
		k.writing = false
		if cap(out) <= keptBuffer {
			k.spare = out[:0]
		}
		k.drained.Broadcast()
		if err != nil {
			k.hangUp()
		}
	}
	if l.fault != "" && !k.writing {
		k.hangUp()
	}
}

// write sends what other goroutines queued for this link.
func (k *conn) write(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-k.wake:
			k.s.mu.Lock()
			k.flush()
			k.s.mu.Unlock()
		}
	}
}
