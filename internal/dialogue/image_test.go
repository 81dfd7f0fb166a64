package dialogue

import (
	"encoding/json"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// FuzzImage: no image makes Resume panic, nor what it resumes, when frames arrive, its clock runs and it ends; and what moves has an
// image that is taken again.
func FuzzImage(f *testing.F) {
	d := new(quick).begin()
	for range 2 { // authenticated, and before that
		data, err := json.Marshal(d.Image())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, benchLogin())
		fresh := d.driver.Begin(d.line, new(Scratch), session.Peer{SessionID: 2, Addr: home}, time.Now())
		d = &fresh
	}
	id := client.Identity{BrokerID: "9999", AppID: "a_b_1"}
	d.Receive(terminaltest.Ask(id), time.Now())
	data, err := json.Marshal(d.Image())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data, terminaltest.Answer(id, [client.ChallengeLen]byte{}))
	f.Add([]byte(`{"Session":{"State":4,"Heartbeat":30000000000},"Answered":true,"Core":true}`), ftd.AppendHeartbeat(nil))
	settings := &session.Settings{AuthTimeout: time.Second, LoginTimeout: time.Second, ChallengeTTL: time.Second, PendingFrames: 4, Refusals: 9, BodyBeforeAuth: 512}
	f.Fuzz(func(t *testing.T, data, frames []byte) {
		var i Image
		if json.Unmarshal(data, &i) != nil {
			return
		}
		q := new(quick)
		q.ends = make(chan func(), 1)
		driver := New(settings, relayLimits, q, q, zap.NewNop())
		now := time.Now()
		d, err := driver.Resume(q, &i, now)
		if err != nil {
			return
		}
		d.Settle(new(Scratch), nil)
		if d.Moves() {
			again := d.Image()
			if _, err := driver.Resume(q, &again, now); err != nil {
				t.Fatalf("its own image: %v", err)
			}
		}
		d.MayGoOn(now)
		d.Receive(frames, now)
		for d.State() == session.LoggingIn && !d.Ended() { // the login has left, and comes back
			(<-q.ends)()
		}
		d.Tick(now.Add(time.Hour))
		d.End(reason.PeerClosed)
	})
}
