package gateway

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// codeCore takes requests for a code; the rest is another core's.
type codeCore struct {
	core.Core
	answer reason.Reason
	got    []string
}

func (c *codeCore) RequestCode(_ int32, _ core.Terminal, body []byte) reason.Reason {
	if c.answer == reason.OK {
		c.got = append(c.got, string(body))
	}
	return c.answer
}

// codeRequest is the body of a request for a code of a user, or one that names none.
func codeRequest(user string) []byte {
	e := ftd.Begin(nil, ftd.TIDRequestCode)
	if user != "" {
		field := make([]byte, 48)
		for i := range field {
			field[i] = ' '
		}
		copy(field, "9999")
		copy(field[10:], user)
		e.Raw(0x8020, field)
	}
	frame, err := e.End()
	if err != nil {
		panic(err)
	}
	return frame[ftd.FrameHeaderLen:]
}

func TestCodesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		c := &codeCore{Core: h.Gateway.core}
		h.Gateway.core = c
		ask := func(user, source string) reason.Reason {
			peer := session.Peer{SessionID: 1, Addr: netip.AddrPortFrom(netip.MustParseAddr(source), 50000)}
			return h.RequestCode(peer, nil, []byte("app"), codeRequest(user)).Reason
		}
		for _, step := range []struct {
			after        time.Duration
			user, source string
			want         reason.Reason
		}{
			{0, "1", "203.0.113.1", reason.OK},
			{0, "1", "203.0.113.2", reason.CodeRate}, // the account
			{0, "2", "203.0.113.1", reason.CodeRate}, // the source
			{0, "2", "203.0.113.2", reason.OK},
			{0, "", "203.0.113.2", reason.CodeRate},
			{0, "", "203.0.113.3", reason.OK},
			{0, "", "2001:db8::1", reason.OK},
			{0, "", "2001:db8::2", reason.CodeRate}, // of one /64
			{59 * time.Second, "1", "203.0.113.1", reason.CodeRate},
			{time.Second, "1", "203.0.113.1", reason.OK},
		} {
			time.Sleep(step.after)
			if got := ask(step.user, step.source); got != step.want {
				t.Errorf("%q from %s: %v, want %v", step.user, step.source, got, step.want)
			}
		}
		if len(c.got) != 5 || c.got[0] != string(codeRequest("1")) {
			t.Errorf("the core got %d requests", len(c.got))
		}
		c.answer = reason.CoreAway
		for range 3 { // what the core did not get does not count
			if got := ask("3", "203.0.113.9"); got != reason.CoreAway {
				t.Errorf("got %v", got)
			}
		}
	})
}

func TestCodeAccount(t *testing.T) {
	body := codeRequest("88888888")
	if a, named := codeAccountOf(body); !named || string(a[:]) != "9999      88888888          " {
		t.Errorf("%q, %v", a, named)
	}
	short := append([]byte(nil), body...)
	binary.BigEndian.PutUint16(short[ftd.MessageHeaderLen+4:], 27)
	for _, b := range [][]byte{nil, body[:20], short, codeRequest("")} {
		if a, named := codeAccountOf(b); named {
			t.Errorf("% x names %q", b, a)
		}
	}
}

// TestCodeWithoutACore: to the local core it is a message as any other.
func TestCodeWithoutACore(t *testing.T) {
	h := newHouse(t, nil)
	for range 3 {
		if got := h.RequestCode(home, nil, nil, codeRequest("1")); got.Reason != reason.UnknownRequest || got.Ref == (reason.Ref{}) {
			t.Errorf("%+v", got)
		}
	}
}
