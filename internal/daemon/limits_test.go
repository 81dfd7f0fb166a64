package daemon

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/await"
)

// strangerAt connects and says nothing.
func strangerAt(t *testing.T, d *Daemon) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", d.front.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

// sentAway waits until the front closes the connection.
func sentAway(t *testing.T, c net.Conn) {
	t.Helper()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Fatalf("read: %v, want that the front closed", err)
	}
}

// inside connects, and waits until the front says that it has one more connection.
func inside(t *testing.T, d *Daemon) net.Conn {
	t.Helper()
	want := d.front.Admission(0).Open + 1
	c := strangerAt(t, d)
	await.True(t, "the connection to be open", func() bool { return d.front.Admission(0).Open == want })
	return c
}

func TestReloadLimits(t *testing.T) {
	r := newReloadTest(t)
	first := inside(t, r.d)
	limits := func(l string) {
		r.configure("log_level: warn", "log_level: warn\nlimits: {"+l+"}")
		r.reload()
	}
	limits("connections_per_source: 1")
	sentAway(t, strangerAt(t, r.d))

	// One fault, and nothing is taken over.
	limits("connections_per_source: 7, unauthenticated: '10:30'")
	if o := r.d.reloaded.Load(); o.faults != 1 {
		t.Fatalf("%+v", o)
	}
	sentAway(t, strangerAt(t, r.d))

	limits("connections_per_source: 1, exempt_networks: [127.0.0.0/8], pending_frames: 9")
	if o := r.d.reloaded.Load(); o.faults != 0 || len(o.restart) != 1 || o.restart[0] != "limits.pending_frames" {
		t.Fatalf("%+v", o)
	}
	inside(t, r.d)

	// Who is inside stays, also over a bound that was lowered below them.
	limits("connections: 1, unauthenticated: ''")
	_ = first.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	var timeout net.Error
	if _, err := first.Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("the first connection: %v", err)
	}
	// Both inside are unauthenticated and from the newcomer's own source.
	sentAway(t, strangerAt(t, r.d))
	want := map[string]uint64{"source_full": 2, "front_full": 1}
	for reason, n := range r.d.front.Admission(0).Refused {
		if n != want[reason] {
			t.Errorf("%s: %d, want %d", reason, n, want[reason])
		}
	}
}
