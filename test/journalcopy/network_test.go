//go:build linux

package journalcopy

import (
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// network leads connections to the server at target, host:port, and holds what it reads for half of a round trip. It returns its own
// address and what a round trip takes, which is more than it holds.
func network(t testing.TB, target string, trip time.Duration) (address string, measured time.Duration) {
	t.Helper()
	echo := listen(t, func(conn net.Conn) {
		_, _ = io.Copy(conn, conn)
		_ = conn.Close()
	})
	toEcho := lead(t, echo, trip/2)
	conn, err := net.Dial("tcp", toEcho)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var trips []time.Duration
	for range 101 {
		start := time.Now()
		if _, err := conn.Write([]byte{1}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		trips = append(trips, time.Since(start))
	}
	return lead(t, target, trip/2), middle(trips)
}

// lead is a proxy to the server at target that holds what it reads for a while.
func lead(t testing.TB, target string, hold time.Duration) (address string) {
	return listen(t, func(client net.Conn) {
		server, err := net.Dial("tcp", target)
		if err != nil {
			_ = client.Close()
			return
		}
		var both sync.WaitGroup
		both.Go(func() { carry(client, server, hold) })
		both.Go(func() { carry(server, client, hold) })
		both.Wait()
	})
}

// carry holds what it reads, on a thread of its own. Its end is that of both directions.
func carry(from, to net.Conn, hold time.Duration) {
	runtime.LockOSThread()                             // never unlocked: the thread, whose timers are exact now, ends with the goroutine
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // what a round trip takes is measured anyway
	defer to.Close()
	defer from.Close()
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		sleep(hold)
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

// sleep is by the system call: of Go's own sleep the least is a millisecond on an idle processor.
func sleep(d time.Duration) {
	rest := unix.NsecToTimespec(d.Nanoseconds())
	for unix.Nanosleep(&rest, &rest) == unix.EINTR {
		continue
	}
}

// listen serves connections until the end of the test.
func listen(t testing.TB, serve func(net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		running.Wait() // clients, which were started later, have ended
	})
	return l.Addr().String()
}
