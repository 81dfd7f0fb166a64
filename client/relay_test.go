package client_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/client"
)

// TestRelaySubmits: one submission, recorded, and the events of the connection.
func TestRelaySubmits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []report
		r, fr, ev := newRelay(t, nil, entered(func(f *front) error {
			return f.acceptUntilClosed(func(x report) { seen = append(seen, x) })
		}))
		got := mustSubmit(t, r, "88888888")
		if len(seen) != 1 || seen[0].user != "88888888" || seen[0].attempt != '0' || seen[0].id != got.SubmitID.String() {
			t.Errorf("the front saw %+v, the receipt is of %v", seen, got.SubmitID)
		}
		if got.RecordID != recordID(seen[0].id) || got.Relay != wantRecorded && !got.Relay.LoginTime.Equal(wantRecorded.LoginTime) {
			t.Errorf("receipt %+v", got)
		}
		if age := time.Since(got.SubmitID.Time()); age < 0 || age > time.Second {
			t.Errorf("a SubmitID of %v ago", age)
		}
		s := r.Stats()
		if !s.Up || s.Addr != "a" || s.Live != 1 || s.Recorded != 1 || s.Terms.Window != 256 || s.Unanswered != 0 || s.Waiting != 0 {
			t.Errorf("stats %+v", s)
		}
		r.End(got.SubmitID)
		synctest.Wait()
		if s := r.Stats(); s.Live != 0 {
			t.Errorf("after its end: %+v", s)
		}
		r.Close()
		if up := ev.of(client.RelayUp); len(up) != 1 || up[0].Login.UserID != "8000admin" {
			t.Errorf("events %+v", ev.all)
		}
		fr.check(t)
	})
}
