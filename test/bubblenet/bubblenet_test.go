package bubblenet

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func connected(t *testing.T) (l *Listener, dialed, accepted net.Conn) {
	t.Helper()
	l = Listen()
	dialed, err := l.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if accepted, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return l, dialed, accepted
}

// TestTwoWhoWriteFirst: neither waits for the other to read, and each write is read for itself.
func TestTwoWhoWriteFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, a, b := connected(t)
		for _, c := range []net.Conn{a, b} {
			for _, text := range []string{"hello", "", "you"} {
				if n, err := c.Write([]byte(text)); n != len(text) || err != nil {
					t.Fatal(n, err)
				}
			}
		}
		for _, want := range []string{"hel", "lo", "you"} {
			b3 := make([]byte, 3)
			if n, err := a.Read(b3); string(b3[:n]) != want || err != nil {
				t.Fatalf("%q, %v; want %q", b3[:n], err, want)
			}
		}
		for _, c := range []net.Conn{a, b} {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestDeadline: a read ends at its deadline, by the bubble's clock, and another deadline lets the next one wait.
func TestDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, a, b := connected(t)
		began := time.Now()
		for range 2 {
			_ = a.SetReadDeadline(time.Now().Add(time.Hour))
			if n, err := a.Read(make([]byte, 9)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal(n, err)
			}
		}
		if took := time.Since(began); took != 2*time.Hour {
			t.Errorf("took %v", took)
		}
		_ = a.SetReadDeadline(time.Time{})
		time.AfterFunc(time.Hour, func() { _, _ = b.Write([]byte("late")) })
		if n, err := a.Read(make([]byte, 9)); n != 4 || err != nil {
			t.Fatal(n, err)
		}
	})
}

// TestClose: what was written before is read, then the end; an end that left bytes unread is a reset; nothing is written to who has closed.
func TestClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, unread := range []bool{false, true} {
			l, a, b := connected(t)
			_, _ = b.Write([]byte("bye"))
			var want error // io.ReadAll takes EOF for none
			if unread {
				_, _ = a.Write([]byte("?"))
				want = syscall.ECONNRESET
			}
			_ = b.Close()
			if rest, err := io.ReadAll(a); string(rest) != "bye" || !errors.Is(err, want) {
				t.Errorf("unread %v: %q, %v", unread, rest, err)
			}
			if _, err := a.Write([]byte("!")); !errors.Is(err, syscall.EPIPE) {
				t.Error(err)
			}
			if _, err := b.Read(make([]byte, 9)); !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
			if _, err := b.Write([]byte("!")); !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
			_, _ = a.Close(), l.Close()
			if _, err := l.Dial(context.Background()); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Error(err)
			}
			if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
		}
	})
}
