package gateway

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/core"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/proxyheader"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// wire is a connection whose terminal takes everything.
type wire struct{}

func (wire) Unsent() int             { return 0 }
func (wire) Write([]byte)            {}
func (wire) Terminal() core.Terminal { return nil }
func (wire) NextID() int32           { return 2 }
func (wire) Later(f func(bool))      { f(false) }

type uncounted struct{}

func (uncounted) ConnectionClosed(string) {}
func (uncounted) Malformed(string)        {}
func (uncounted) Discarded(string)        {}
func (uncounted) BusinessPassed(int)      {}
func (uncounted) BusinessDelivered(int)   {}
func (uncounted) BusinessRefused(string)  {}
func (uncounted) BusinessPaused()         {}

var terminalID = client.Identity{BrokerID: broker, AppID: appID}

// The terminal is told nothing; its reason is in the audit log, as protocol.md promises, under the reference that the application
// log has, whether the frame, the message or a field is wrong.
func TestMalformedLeavesItsReason(t *testing.T) {
	ask := terminaltest.Ask(terminalID)
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
		{"field_missing", terminaltest.Message(ftd.TIDAuthenticate), ""},
		{"field_short", append(bytes.Clone(ask), short()...), appID},
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
			want := logs.Entry{
				Time: noon, Event: logs.EventMalformed, Reason: c.want, AppID: c.app,
				Address: home.Addr.Addr(), Port: home.Addr.Port(), FrontID: 3, SessionID: home.SessionID,
			}
			if got := h.audit.entries[0]; got.Time != want.Time || got.Event != want.Event || got.Reason != want.Reason ||
				got.AppID != want.AppID || got.Address != want.Address || got.Port != want.Port || got.Code != 0 || len(got.Ref) != 6 ||
				got.FrontID != want.FrontID || got.SessionID != want.SessionID {
				t.Errorf("%+v", got)
			}
			if line := h.appLog.String(); !strings.Contains(line, `"ref":"`+h.audit.entries[0].Ref+`"`) || !strings.Contains(line, `"fault":"`+c.want+`"`) ||
				strings.Contains(line, home.Addr.Addr().String()) {
				t.Errorf("the application log has %q", line)
			}
		})
	}
}

// A connection that is closed for its PROXY header leaves its reason likewise, with the load balancer, and the client if it is known.
func TestProxyHeaderLeavesItsReason(t *testing.T) {
	balancer := session.Peer{Proxy: netip.MustParseAddr("10.0.0.2"), SessionID: 7}
	named := balancer
	named.Addr = home.Addr
	for _, c := range []struct {
		why    string
		peer   session.Peer
		logged string
	}{
		{proxyheader.Absent.Word(), balancer, `"proxy":"10.0.0.*"`},
		{reason.TLSRequired.String(), named, `"proxy":"10.0.0.*"`},
		{reason.ProxyUntrusted.String(), session.Peer{Addr: home.Addr}, `"address":`},
	} {
		h := newHouse(t, nil)
		h.NoteProxyHeader(c.peer, c.why)
		if len(h.audit.entries) != 1 {
			t.Fatalf("%s: lines %+v", c.why, h.audit.entries)
		}
		got := h.audit.entries[0]
		if got.Time != noon || got.Event != logs.EventProxyHeader || got.Reason != c.why || got.Proxy != c.peer.Proxy ||
			got.Address != c.peer.Addr.Addr() || got.SessionID != c.peer.SessionID || got.FrontID != 3 || len(got.Ref) != 6 {
			t.Errorf("%+v", got)
		}
		if line := h.appLog.String(); !strings.Contains(line, `"ref":"`+got.Ref+`"`) || !strings.Contains(line, `"fault":"`+c.why+`"`) || !strings.Contains(line, c.logged) {
			t.Errorf("the application log has %q", line)
		}
	}
}

// short is an answer whose AuthInfo lacks a byte.
func short() []byte {
	frame := terminaltest.Answer(terminalID, [ftd.ChallengeLen]byte{})
	frame = frame[:len(frame)-1]
	for _, at := range []int{2, 4 + 14, 4 + 16 + 6 + 50 + 4} { // the lengths of body, content and field
		n := int(frame[at])<<8 | int(frame[at+1])
		frame[at], frame[at+1] = byte((n-1)>>8), byte(n-1)
	}
	return frame
}
