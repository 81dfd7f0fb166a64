package client_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
)

// passedOn is a submission of a relay below, whose RelayedTerminal has items that this relay would write otherwise.
func passedOn(again bool) client.Submission {
	field := []byte("client_demo_1.0               203.0.113.7                            500012026-01-05 08:44:582")
	s := submission()
	s.Terminal = client.RelayedTerminal{Tag: &client.TerminalTag{MAC: "00-11"}}
	s.Passed = &client.Passed{SubmitID: client.NewSubmitID(time.Now()), Again: again, Terminal: field}
	return s
}

// TestRelayPassesOn: SubmitID, Attempt and RelayedTerminal of a relay below go on as they came, also after a lost answer; when
// its terminal is reported again, it is by a SubmitID of this relay.
func TestRelayPassesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := passedOn(true)
		var seen []report
		check := func(f *front) error {
			m, err := f.message()
			if err != nil {
				return err
			}
			x, err := readReport(m)
			if raw, _ := m.Field(ftd.FIDRelayedTerminal); !bytes.Equal(raw, s.Passed.Terminal) {
				err = errors.New("RelayedTerminal came as " + string(raw))
			}
			seen = append(seen, x)
			if err == nil && len(seen) > 1 {
				err = f.accept(x)
			}
			return err
		}
		leave := make(chan struct{})
		r, fr, _ := newRelay(t, nil, entered(check), entered(then(check, func(*front) error {
			<-leave
			return nil
		})), entered(then(check, (*front).untilClosed)))
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		got, err := r.Submit(ctx, s)
		if err != nil || got.SubmitID != s.Passed.SubmitID {
			t.Fatalf("%+v, %v", got, err)
		}
		if _, err := r.Submit(ctx, s); !errors.Is(err, client.ErrSubmitIDTaken) {
			t.Errorf("the same again while it is live: %v", err)
		}
		time.Sleep(2 * client.SubmitIDLife) // simulated
		close(leave)
		time.Sleep(time.Minute) // simulated
		synctest.Wait()         // the fronts' goroutines have written seen
		name := s.Passed.SubmitID.String()
		if len(seen) != 3 || seen[0] != (report{name, s.UserID, '1'}) || seen[1] != seen[0] || seen[2].id == name || seen[2].attempt != '0' {
			t.Errorf("the fronts saw %+v, want %s first", seen, name)
		}
		r.End(s.Passed.SubmitID)
		if r.Stats().Live != 0 {
			t.Errorf("%+v", r.Stats())
		}
		r.Close()
		fr.check(t)
	})
}

// TestRelayPassesOnNoOlder: a SubmitID of a relay below is never replaced while that waits for it, however old.
func TestRelayPassesOnNoOlder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := passedOn(false)
		time.Sleep(2 * client.SubmitIDLife) // simulated
		var seen []report
		r, fr, _ := newRelay(t, nil, entered(func(f *front) error { return f.acceptUntilClosed(func(x report) { seen = append(seen, x) }) }))
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if got, err := r.Submit(ctx, s); err != nil || got.SubmitID != s.Passed.SubmitID || seen[0].id != got.SubmitID.String() {
			t.Errorf("%+v, %v", got, err)
		}
		s.Passed.Terminal = s.Passed.Terminal[1:]
		if _, err := r.Submit(ctx, s); err == nil || !strings.Contains(err.Error(), "93 bytes") {
			t.Errorf("a short field: %v", err)
		}
		r.Close()
		fr.check(t)
	})
}
