package client_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
)

// pipe connects a client to a front that plays the script, both inside a synctest bubble:
// time passes when all goroutines wait. The returned channel has the script's result.
func pipe(t *testing.T, play script) (*client.Conn, <-chan error) {
	t.Helper()
	here, there := net.Pipe()
	done := make(chan error, 1)
	go func() {
		defer there.Close()
		done <- play(&front{conn: there})
	}()
	c, err := client.Dial(context.Background(), "ignored", client.WithConn(here))
	if err != nil {
		t.Fatal(err)
	}
	return c, done
}

func login(t *testing.T, c *client.Conn, heartbeatSeconds int) {
	t.Helper()
	req := loginRequest()
	req.HeartbeatSeconds = heartbeatSeconds
	if _, err := c.Login(context.Background(), req); err != nil {
		t.Fatal(err)
	}
}

// TestHeartbeats: a client that has sent nothing for the period sends a heartbeat, each
// period, as long as it receives something from the front.
func TestHeartbeats(t *testing.T) {
	for asked, period := range map[int]time.Duration{
		5: 5 * time.Second, 120: 120 * time.Second, 0: 30 * time.Second, // the default
		1: 5 * time.Second, 999: 120 * time.Second, // the nearest that is allowed
	} {
		synctest.Test(t, func(t *testing.T) {
			const beats = 10
			c, done := pipe(t, then(answers(recorded), func(f *front) error {
				last := time.Now()
				for range beats {
					frame, err := f.frame()
					if err != nil {
						return err
					}
					if passed := time.Since(last); !frame.IsHeartbeat() || passed != period {
						t.Errorf("asked for %d: frame of type %d after %v, want a heartbeat after %v", asked, frame.Type, passed, period)
					}
					last = time.Now()
					if _, err := f.conn.Write(ftd.AppendHeartbeat(nil)); err != nil {
						return err
					}
				}
				return nil
			}))
			login(t, c, asked)
			<-c.Done()
			if err := <-done; err != nil {
				t.Error(err)
			}
			wantClosed(t, c.Err())
		})
	}
}

// TestSilentFront: the client closes after three periods without a byte from the front, and sends
// heartbeats meanwhile.
func TestSilentFront(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		beats := 0
		c, done := pipe(t, then(answers(recorded), func(f *front) error {
			for {
				frame, err := f.frame()
				if err != nil {
					return nil //nolint:nilerr // the client closed, as it should
				}
				if frame.IsHeartbeat() {
					beats++
				}
			}
		}))
		login(t, c, 10)
		since := time.Now()
		<-c.Done()
		if passed := time.Since(since); passed != 30*time.Second {
			t.Errorf("given up after %v", passed)
		}
		if !errors.Is(c.Err(), client.ErrSilent) {
			t.Errorf("Err %v", c.Err())
		}
		if err := <-done; err != nil || beats < 2 {
			t.Errorf("%d heartbeats, %v", beats, err)
		}
	})
}

// TestHeartbeatPutsTheNextOff: what counts is silence, not the clock.
func TestHeartbeatPutsTheNextOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var arrived []time.Duration
		var since time.Time
		c, done := pipe(t, then(answers(recorded), func(f *front) error {
			since = time.Now()
			for range 2 {
				if _, err := f.frame(); err != nil {
					return err
				}
				arrived = append(arrived, time.Since(since))
			}
			return nil
		}))
		login(t, c, 10)
		pause := time.NewTimer(7 * time.Second)
		<-pause.C
		if err := c.Heartbeat(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if len(arrived) != 2 || arrived[0] != 7*time.Second || arrived[1] != 17*time.Second {
			t.Errorf("heartbeats after %v, want 7s and 17s", arrived)
		}
		c.Close()
	})
}

// TestGivenUp: a context that ends while the front thinks closes the connection, so that
// a late answer cannot become the next call's.
func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, done := pipe(t, (*front).untilClosed)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := c.Login(ctx, loginRequest())
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		<-c.Done()
		if !errors.Is(c.Err(), context.DeadlineExceeded) {
			t.Errorf("Err %v", c.Err())
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestGivenUpWhileSending: a front that reads nothing blocks the write, not the caller.
func TestGivenUpWhileSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leave := make(chan struct{})
		c, done := pipe(t, func(*front) error { <-leave; return nil })
		cause := errors.New("user went home")
		ctx, cancel := context.WithCancelCause(context.Background())
		time.AfterFunc(time.Second, func() { cancel(cause) })
		if _, err := c.Authenticate(ctx, identity, authCode); !errors.Is(err, cause) {
			t.Errorf("error %v", err)
		}
		close(leave)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestEndedContext sends nothing and harms nothing.
func TestEndedContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, done := pipe(t, (*front).untilClosed)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := c.Login(ctx, loginRequest()); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if err := c.Err(); err != nil {
			t.Errorf("connection ended: %v", err)
		}
		c.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestOneCallAtATime: a second call waits for its turn, and giving up its wait leaves
// the first alone.
func TestOneCallAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan struct{})
		c, done := pipe(t, func(f *front) error {
			m, err := f.message()
			if err != nil {
				return err
			}
			<-answer
			return f.send(m.TID, recorded)
		})
		first := make(chan error, 1)
		go func() {
			_, err := c.Login(context.Background(), loginRequest())
			first <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := c.Logout(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the second call: %v", err)
		}
		close(answer)
		if err := <-first; err != nil {
			t.Errorf("the first call: %v", err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		<-c.Done()
	})
}
