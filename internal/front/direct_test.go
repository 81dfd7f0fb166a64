package front_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// pause busily waits between nothing and some fifty microseconds: what a core sends goes directly, by mail, and by turns.
func pause(random *rand.Rand) {
	for until := time.Now().Add(time.Duration(random.IntN(50)) * time.Microsecond); time.Now().Before(until); {
		runtime.Gosched()
	}
}

// fitful is read for a while, and then not, so that the socket fills.
type fitful struct {
	net.Conn
	reads int
}

func (f *fitful) Read(b []byte) (int, error) {
	if f.reads++; f.reads%60 == 0 {
		<-time.After(50 * time.Millisecond)
	}
	return f.Conn.Read(b[:min(len(b), 8<<10)])
}

// TestDirectAndMailKeepTheOrder: whichever way a message takes, and however much of it the socket takes, a terminal that
// reads by fits gets each once, whole, in the order in which the core sent them.
func TestDirectAndMailKeepTheOrder(t *testing.T) {
	t.Parallel()
	const messages, content = 3000, 1500
	h := newHandler()
	e := startEcho(t, h)
	cfg := config()
	cfg.Limits.Outbound = 64 << 20
	r := start(t, cfg, h)
	m := r.trade("1")
	terminal := e.session("1").terminal
	done := make(chan struct{})
	go func() {
		defer close(done)
		random := rand.New(rand.NewPCG(1, 2))
		for n := uint32(1); n <= messages; n++ {
			pause(random)
			terminal.Deliver(order(3, n, content)[ftd.FrameHeaderLen:])
		}
	}()
	expectOrders(t, &fitful{Conn: m.Conn}, 1, messages, content)
	<-done
}

// TestDirectWriteReachesNoOther: connections end while cores send to them, and their descriptors become others'. No
// terminal reads a message that was sent to another session.
func TestDirectWriteReachesNoOther(t *testing.T) {
	t.Parallel()
	h := newHandler()
	e := startEcho(t, h)
	r := start(t, config(), h)
	var all sync.WaitGroup
	for worker := range 2 {
		all.Go(func() {
			before := func() {}
			for visit := range 25 {
				user := fmt.Sprint(worker*1000 + visit + 1)
				m := r.trade(user)
				terminal, mine := e.session(user).terminal, order(3, uint32(worker*1000+visit+1), 50)
				stop, ended := make(chan struct{}), make(chan struct{})
				go func() {
					defer close(ended)
					random := rand.New(rand.NewPCG(uint64(worker), uint64(visit)))
					for {
						select {
						case <-stop:
							return
						default:
							pause(random)
							terminal.Deliver(mine[ftd.FrameHeaderLen:])
						}
					}
				}()
				got := make([]byte, len(mine))
				for range 8 {
					if _, err := io.ReadFull(m, got); err != nil {
						t.Error(err)
						break
					}
					if number := binary.BigEndian.Uint32(got[ftd.FrameHeaderLen+8:]); string(got) != string(mine) {
						t.Errorf("session %s read a message of %d", user, number)
						break
					}
				}
				_ = m.Close()
				before()
				before = func() { // the core sends on until the next connection has read what is its own
					close(stop)
					<-ended
				}
			}
			before()
		})
	}
	all.Wait()
}

// TestExitFollowsDirectMessages: ForceExit comes behind what was written directly, and nothing behind it.
func TestExitFollowsDirectMessages(t *testing.T) {
	t.Parallel()
	h := newHandler()
	e := startEcho(t, h)
	r := start(t, config(), h)
	for visit := range 20 {
		user := fmt.Sprint(visit + 1)
		m := r.trade(user)
		terminal := e.session(user).terminal
		random := rand.New(rand.NewPCG(uint64(visit), 6))
		for n := uint32(1); n <= 10; n++ {
			terminal.Deliver(order(3, n, 50)[ftd.FrameHeaderLen:])
			pause(random)
		}
		terminal.Exit(exitData(), reason.Kicked)
		terminal.Deliver(order(3, 11, 50)[ftd.FrameHeaderLen:])
		for n := uint32(1); n <= 10; n++ {
			if got := m.Expect(3, terminaltest.NoCode); got.SequenceNumber != n {
				t.Fatalf("message %d, want %d", got.SequenceNumber, n)
			}
		}
		m.Expect(ftd.TIDForceExit, terminaltest.NoCode)
		m.ExpectClosed()
	}
}

// exitData is the data of a ForceExit field.
func exitData() []byte {
	data := make([]byte, 101)
	for i := range data {
		data[i] = ' '
	}
	data[0] = '1'
	return data
}
