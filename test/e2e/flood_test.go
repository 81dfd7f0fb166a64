package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/test/child"
)

const (
	// floodEnv asks for the big flood, of so many connections; `make flood` sets it.
	floodEnv = "TRADEFRONT_TEST_FLOOD"
	// floodChildEnv makes a process one that floods: address, connections, number of the first.
	floodChildEnv = "TRADEFRONT_TEST_FLOOD_CHILD"

	smallFlood = 2000
	dripPeriod = 10 * time.Second
)

// TestFloodStanding: half-open and dripping connections stay at the front, none of which
// it may drop, and an honest login succeeds. In the big form its median time stays within 3
// times that of the idle front in the same run.
func TestFloodStanding(t *testing.T) {
	n, big := floodSize(t)
	s := newSite(t, "", fmt.Sprintf("log_level: error\ntimers: {authenticate: 1h}\nlimits: {unauthenticated: \"%d:30:%d\"}\n", n+100, n+100))
	d := s.serve()
	visits := 20
	if big {
		visits = 300
	}
	medianVisit(t, d, 1, nil) // pays for argon2, which a reconnect does not
	idle := medianVisit(t, d, visits, nil)
	before := residentKiB(t, d)

	end := startFlood(t, d, n)
	for d.metric(t, "tradefront_connections") < float64(n) {
		time.Sleep(10 * time.Millisecond) // the rest is in the backlog
	}
	memory := float64(residentKiB(t, d)-before) / float64(n)
	cpu := idleCPU(t, d, big)
	flooded := medianVisit(t, d, visits, nil)
	if got := d.metric(t, "tradefront_connections"); got < float64(n) {
		t.Fatalf("%v connections are open after the logins, want %d", got, n)
	}
	end()
	after := medianVisit(t, d, visits, nil)
	t.Logf("%d connections were open, %.1f KiB of the daemon each, %.1f %% of a processor without logins; "+
		"%d honest visits each: median %v idle before, %v flooded, %v idle after: ratio %.2f",
		n, memory, 100*cpu, visits, idle, flooded, after, float64(flooded)/float64(idle))
	if big && flooded > 3*idle {
		t.Errorf("the median of a flooded front is %v, of an idle one %v: more than 3 times", flooded, idle)
	}
	d.stop()
}

// TestFloodThatComesAgain: the same with small bounds; a connection that is dropped, or has
// not authenticated in time, is opened again a second later. The flood has as many addresses as
// connections, so none of them is the heaviest, and the honest one may be the oldest if it
// is slow: it then tries again, and is let in before long.
func TestFloodThatComesAgain(t *testing.T) {
	n, big := floodSize(t)
	s := newSite(t, "", fmt.Sprintf("log_level: error\ntimers: {authenticate: 2s}\nlimits: {unauthenticated: \"%d:30:%d\"}\n", n/8, n/2))
	d := s.serve()
	medianVisit(t, d, 1, nil)
	visits := 50
	if big {
		visits = 300
	}
	idle := medianVisit(t, d, visits, nil)
	end := startFlood(t, d, n)
	again := 0
	flooded := medianVisit(t, d, visits, &again)
	end()
	evicted := d.metric(t, `tradefront_connections_closed_total{reason="evicted"}`)
	late := d.metric(t, `tradefront_connections_closed_total{reason="auth_timeout"}`)
	t.Logf("%d connections came again and again: %v evicted, %v not authenticated in time; "+
		"%d honest visits with %d more tries: median %v idle, %v flooded", n, evicted, late, visits, again, idle, flooded)
	if evicted == 0 {
		t.Error("no connection was evicted: the bounds were never reached")
	}
	if again > visits {
		t.Errorf("%d honest visits failed %d times: more than once each", visits, again)
	}
	d.stop()
}

// floodSize is what was asked for, lowered to what a process may hold.
func floodSize(t *testing.T) (n int, big bool) {
	t.Helper()
	if testing.Short() {
		t.Skip("floods take their time")
	}
	asked := os.Getenv(floodEnv)
	if asked == "" {
		return smallFlood, false
	}
	n, err := strconv.Atoi(asked)
	if err != nil {
		t.Fatalf("%s: %v", floodEnv, err)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	const reserve = 512 + 88 // the front's, and the honest
	if most := int(min(limit.Max, 1<<30)) - reserve; n > most {
		t.Logf("the limit of %d open files allows %d connections, not %d", limit.Max, most, n)
		n = most
	}
	return n, true
}

// startFlood returns once n connections were open at the front, from as many addresses. Two
// processes hold them, for the limit of open files.
func startFlood(t *testing.T, d *daemon, n int) (end func()) {
	t.Helper()
	const children = 2
	var ends []func()
	for i := range children {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %d", floodChildEnv, d.address, n/children, i*n/children))
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe() // it ends when this is closed
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(cmd); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, sync.OnceFunc(func() { _ = in.Close(); _ = cmd.Wait() }))
		t.Cleanup(ends[i])
		defer func() {
			if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
				t.Errorf("flood: %q, %v", line, err)
			}
		}()
	}
	return func() {
		for _, e := range ends {
			e()
		}
		for d.metric(t, "tradefront_connections") > 0 {
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// floodChild is the main function of a process that floods; false if this is none.
func floodChild() bool {
	var (
		address  string
		n, first int
	)
	if _, err := fmt.Sscan(os.Getenv(floodChildEnv), &address, &n, &first); err != nil {
		return false
	}
	dialing := make(chan struct{}, 64)
	var open atomic.Int64
	for i := range n {
		source := first + i
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, byte(1+source/62500), byte(1+source/250%250), byte(1+source%250))}}
		drips := i%2 == 0
		go func() {
			for again := false; ; again = true {
				dialing <- struct{}{}
				c, err := d.Dial("tcp", address)
				<-dialing
				if err != nil {
					time.Sleep(10 * time.Millisecond) // leaves the processor to the front
					continue
				}
				if !again && open.Add(1) == int64(n) {
					fmt.Println("connected")
				}
				hold(c, drips)
				time.Sleep(time.Second)
			}
		}()
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return true
}

// hold keeps a connection until the front closes it; one that drips sends a frame's
// bytes, one in dripPeriod.
func hold(c net.Conn, drips bool) {
	defer c.Close()
	frame := []byte{1, 0, 0, 206} // and then a body, all zero
	for {
		if drips {
			next := byte(0)
			if len(frame) > 0 {
				next, frame = frame[0], frame[1:]
			}
			if _, err := c.Write([]byte{next}); err != nil {
				return
			}
			_ = c.SetReadDeadline(time.Now().Add(dripPeriod))
		}
		if _, err := c.Read(make([]byte, 64)); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
	}
}

// honestVisit connects, authenticates, logs in and goes; it returns how long that took.
func honestVisit(t *testing.T, d *daemon) (time.Duration, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	begin := time.Now()
	c, err := client.Dial(ctx, d.address)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if _, err := c.Authenticate(ctx, client.Identity{BrokerID: "9999", AppID: appID}, d.s.apps[0].AuthCode); err != nil {
		return 0, err
	}
	_, err = login(t, c, password, nil)
	return time.Since(begin), err
}

// visitTries is how often an honest visitor may try: on a busy machine one may be slow, and so the oldest, more than once.
const visitTries = 20

// medianVisit fails the test if a visit fails. With again, a visit may fail if a later try of
// visitTries does not, and again counts the tries that failed.
func medianVisit(t *testing.T, d *daemon, visits int, again *int) time.Duration {
	t.Helper()
	took := make([]time.Duration, visits)
	for i := range took {
		var err error
		took[i], err = honestVisit(t, d)
		for try := 1; err != nil && again != nil && try < visitTries; try++ {
			*again++
			took[i], err = honestVisit(t, d)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(took)
	return took[visits/2].Round(time.Microsecond)
}

// metric is one number of /metrics.
func (d *daemon) metric(t *testing.T, name string) float64 {
	t.Helper()
	_, page := d.get(t, "/metrics")
	for line := range strings.Lines(page) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	t.Fatalf("/metrics has no %s", name)
	return 0
}

// idleCPU is the part of a processor that the daemon takes while no terminal logs in.
func idleCPU(t *testing.T, d *daemon, big bool) float64 {
	t.Helper()
	if !big {
		return 0
	}
	const look = 10 * time.Second
	before := cpuTime(t, d.cmd.Process.Pid)
	time.Sleep(look) // what is measured is a time
	return (cpuTime(t, d.cmd.Process.Pid) - before).Seconds() / look.Seconds()
}

func residentKiB(t *testing.T, d *daemon) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	var kib int
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		t.Fatal(err)
	}
	return kib
}
