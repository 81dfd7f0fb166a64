package gateway

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
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

// TestNoSpellingOfAnAccountGetsASecondCode: the bound is the account's, by what other broker or with what behind its end it may be named.
func TestNoSpellingOfAnAccountGetsASecondCode(t *testing.T) {
	h := newHouse(t, nil)
	c := &codeCore{Core: h.Gateway.core}
	h.Gateway.core = c
	spelled := func(broker, user string) []byte {
		body := codeRequest(user)
		copy(body[ftd.MessageHeaderLen+ftd.FieldHeaderLen:], broker)
		return body
	}
	for i, body := range [][]byte{spelled("9999", "1"), spelled("8888", "1"), spelled("9999", "1\x00a"), spelled("9999", "1  \x00b"), spelled("9999\x00x", "1")} {
		peer := session.Peer{SessionID: 1, Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}), 50000)}
		want := reason.CodeRate
		if i == 0 {
			want = reason.OK
		}
		if got := h.RequestCode(peer, nil, []byte("app"), body).Reason; got != want {
			t.Errorf("%d: %v, want %v", i, got, want)
		}
		if account := h.audit.entries[len(h.audit.entries)-1].Account; account != "1" {
			t.Errorf("%d: the audit log has account %q", i, account)
		}
	}
}

func TestCodeAccount(t *testing.T) {
	body := codeRequest("88888888")
	if a, named := codeAccountOf(body); !named || string(a.name()) != "88888888" {
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

// TestCodesKeepToTheBinding: an AppID of one customer has no codes sent to others; the core is not asked, and nothing is counted.
func TestCodesKeepToTheBinding(t *testing.T) {
	for bound, want := range map[auth.Verdict]reason.Reason{
		auth.OtherNetwork: reason.AppNetwork, auth.OtherAccount: reason.AppAccount, auth.ConfinedAccount: reason.AccountConfined,
	} {
		h := newHouse(t, nil)
		c := &codeCore{Core: h.Gateway.core}
		h.Gateway.core = c
		h.registry.bound = bound
		for _, body := range [][]byte{codeRequest("1"), codeRequest("1\x00 8"), codeRequest("")} {
			outcome := h.RequestCode(home, nil, []byte(appID), body)
			line := h.audit.entries[len(h.audit.entries)-1]
			if outcome.Reason != want || outcome.Reason.Code() != 63 || line.Event != "request_code" || line.Reason != want.String() || line.Code != 63 || line.AppID != appID {
				t.Errorf("%v: %+v, %+v", bound, outcome, line)
			}
		}
		if want := []string{"1", "1", ""}; len(c.got) != 0 || !slices.Equal(h.registry.asked, want) {
			t.Errorf("the core was asked %d times; the binding was asked of %q, want %q", len(c.got), h.registry.asked, want)
		}
		h.registry.bound = auth.OK
		if got := h.RequestCode(home, nil, []byte(appID), codeRequest("1")); got.Reason != reason.OK || len(c.got) != 1 {
			t.Errorf("within the binding: %+v", got)
		}
		h.registry.bound = bound
		h.registry.kinds = map[string]auth.AppType{appID: auth.AppInvestorRelay}
		if got := h.MayChangePassword(home, []byte(appID), []byte("1")); got != reason.OK {
			t.Errorf("of a relay: %v", got)
		}
		h.registry.kinds = nil
		if got := h.MayChangePassword(home, []byte(appID), []byte("1")); got != want {
			t.Errorf("a change of the password: %v, want %v", got, want)
		}
	}
}
