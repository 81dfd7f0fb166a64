package gateway

import (
	"bytes"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// wire is a connection whose terminal takes everything.
type wire struct{}

func (wire) Unsent() int          { return 0 }
func (wire) Write([]byte)         {}
func (wire) Later(f func()) error { f(); return nil }

type uncounted struct{}

func (uncounted) ConnectionClosed(string) {}
func (uncounted) Malformed(string)        {}
func (uncounted) Discarded(string)        {}

// The terminal is told nothing; its reason stands in the audit log, as protocol.md promises,
// whether the frame, the message or a field is wrong.
func TestMalformedLeavesItsReason(t *testing.T) {
	message := func(build func(*ftd.Encoder)) []byte {
		e := ftd.Begin(nil, ftd.TIDAuthenticate)
		build(&e)
		frame, err := e.End()
		if err != nil {
			t.Fatal(err)
		}
		return frame
	}
	identity := func(e *ftd.Encoder) {
		e.AuthIdentity(&ftd.AuthIdentity{BrokerID: []byte(broker), AppID: []byte(appID)})
	}
	ask := message(identity)
	version := bytes.Clone(ask)
	version[4] = 9
	for _, c := range []struct {
		want  string
		bytes []byte
		app   string
	}{
		{"extension_long", []byte{2, 128, 0, 0}, ""},
		{"body_long", []byte{1, 0, 0xff, 0xff}, ""},
		{"version", version, ""},
		{"field_missing", message(func(*ftd.Encoder) {}), ""},
		{"field_short", append(bytes.Clone(ask), short(t)...), appID},
	} {
		t.Run(c.want, func(t *testing.T) {
			h := newHouse(t, nil)
			driver := dialogue.New(&session.Settings{
				AuthTimeout: time.Minute, LoginTimeout: time.Minute, ChallengeTTL: time.Minute, PendingFrames: 4, Refusals: 4, BodyBeforeAuth: 512,
			}, dialogue.Limits{Logins: 1, Unsent: 1 << 16}, h.Gateway, uncounted{}, zap.NewNop())
			d := driver.Begin(wire{}, new(dialogue.Scratch), home, noon)
			d.Receive(c.bytes, noon)
			if d.Closing() != reason.Malformed || len(h.audit.entries) != 1 {
				t.Fatalf("closing %v, lines %+v", d.Closing(), h.audit.entries)
			}
			want := ops.Entry{
				Time: noon, Event: ops.EventMalformed, Reason: c.want, AppID: c.app,
				Address: home.Addr.Addr(), Port: home.Addr.Port(), FrontID: 3, SessionID: home.SessionID,
			}
			if got := h.audit.entries[0]; got.Time != want.Time || got.Event != want.Event || got.Reason != want.Reason ||
				got.AppID != want.AppID || got.Address != want.Address || got.Port != want.Port || got.Code != 0 || got.Ref != "" ||
				got.FrontID != want.FrontID || got.SessionID != want.SessionID {
				t.Errorf("%+v", got)
			}
		})
	}
}

// short is an answer whose AuthInfo lacks a byte.
func short(t *testing.T) []byte {
	t.Helper()
	e := ftd.Begin(nil, ftd.TIDAuthenticate)
	e.AuthIdentity(&ftd.AuthIdentity{BrokerID: []byte(broker), AppID: []byte(appID)})
	e.AuthInfo(&ftd.AuthInfo{})
	frame, err := e.End()
	if err != nil {
		t.Fatal(err)
	}
	frame = frame[:len(frame)-1]
	for _, at := range []int{2, 4 + 14, 4 + 16 + 6 + 50 + 4} { // the lengths of body, content and field
		n := int(frame[at])<<8 | int(frame[at+1])
		frame[at], frame[at+1] = byte((n-1)>>8), byte(n-1)
	}
	return frame
}
