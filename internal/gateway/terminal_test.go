package gateway

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/netip"
	"testing"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
)

// What a terminal sent, and what becomes of it. Lenient records flag and version; strict
// refuses everything that has a problem.
var terminals = []struct {
	name    string
	version string
	own     byte
	length  int

	flag    regulation.AbnormalFlag
	key     string
	problem string // as the audit log has it
}{
	{"honest", "1.0", '0', 256, '0', "1.0", ""},
	{"honest, newest key", "2.0", '0', 256, '0', "2.0", ""},
	{"empty", "1.0", '0', 0, '1', "1.0", "terminal_info_empty"},
	{"empty, says so itself", "1.0", '1', 0, '1', "1.0", "terminal_info_empty"},
	{"empty, unknown version", "8.8", '0', 0, '1', "2.0", "terminal_info_empty"},
	{"unknown version", "8.8", '0', 256, '2', "2.0", "key_version_unknown"},
	{"no version", "", '0', 256, '2', "2.0", "key_version_unknown"},
	{"expired version", "0.9", '0', 256, '2', "2.0", "key_version_expired"},
	{"version of tomorrow", "3.0", '0', 256, '2', "2.0", "key_version_not_yet_valid"},
	{"255 bytes", "1.0", '0', 255, '3', "1.0", "terminal_info_length"},
	{"257 bytes", "1.0", '0', 257, '3', "1.0", "terminal_info_length"},
	{"4000 bytes", "1.0", '0', 4000, '3', "1.0", "terminal_info_length"},
	{"flag 9", "1.0", '9', 256, '3', "1.0", "terminal_flag_invalid"},
	{"flag NUL", "1.0", 0, 256, '3', "1.0", "terminal_flag_invalid"},
	{"reports 1", "1.0", '1', 256, '1', "1.0", "terminal_reported"},
	{"reports 2", "1.0", '2', 256, '2', "1.0", "terminal_reported"},
	{"reports 3", "2.0", '3', 256, '3', "2.0", "terminal_reported"},
}

func TestLenient(t *testing.T) {
	for _, c := range terminals {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, nil)
			outcome, line := h.login(home, sent(c.version, c.own, c.length))
			if outcome.Reason != reason.OK {
				t.Fatal(outcome.Reason)
			}
			rec := h.log.records[0]
			if rec.Flag != c.flag || rec.KeyVersion != c.key || line.TerminalProblem != c.problem {
				t.Errorf("flag %v, key %s, problem %q; want %v, %s, %q",
					rec.Flag, rec.KeyVersion, line.TerminalProblem, c.flag, c.key, c.problem)
			}
		})
	}
}

func TestStrict(t *testing.T) {
	for _, c := range terminals {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, func(s *setup) { s.Strict = true })
			want := reason.TerminalInfoRefused
			if c.problem == "" {
				want = reason.OK
			}
			outcome, line := h.login(home, sent(c.version, c.own, c.length))
			if outcome.Reason != want || line.TerminalProblem != c.problem {
				t.Errorf("%v, problem %q; want %v, %q", outcome.Reason, line.TerminalProblem, want, c.problem)
			}
			if want != reason.OK && (outcome.Reason.Code() != 3 || line.KeyVersion != c.version) {
				t.Errorf("code %d, audit line %+v", outcome.Reason.Code(), line)
			}
		})
	}
}

// sent is an honest login with this terminal information of random bytes: NUL, LF and @
// are all among them.
func sent(version string, own byte, length int) session.LoginAttempt {
	a := attempt()
	a.Terminal.KeyVersion, a.Terminal.Flag = []byte(version), own
	a.Terminal.Ciphertext = make([]byte, length)
	_, _ = rand.Read(a.Terminal.Ciphertext)
	return a
}

// A record owns its bytes or the attempt does, but neither changes them: what was sent is
// what is recorded, at every length and after the login too.
func TestTerminalIsRecordedByteForByte(t *testing.T) {
	for _, n := range []int{0, 255, 256, 257, 4000} {
		h := newHouse(t, nil)
		a := sent("1.0", '0', n)
		want := bytes.Clone(a.Terminal.Ciphertext)
		h.login(home, a)
		if got := h.log.records[0].Terminal; !bytes.Equal(got, want) {
			t.Errorf("%d bytes sent, %d recorded, and not the same", n, len(got))
		}
	}
}

// The shape of address, account and user type does not change what is compared: record,
// response and decrypted supplement say the same.
func TestRecordIsResponseIsSupplement(t *testing.T) {
	for _, addr := range []string{
		"203.0.113.9:1", "10.0.0.1:65535", "[2001:db8::9]:37768", "[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
	} {
		for _, who := range []regulation.Account{"1", "Abc123", "888888888888888888"} {
			for _, kind := range []regulation.UserType{regulation.UserCustomer, regulation.UserOperator} {
				t.Run(fmt.Sprint(addr, who, kind), func(t *testing.T) {
					h := newHouse(t, nil)
					h.core.verify = func(a *core.Attempt) (core.User, error) {
						return core.User{Account: a.Account, UserType: kind}, nil
					}
					a := attempt()
					a.UserID = []byte(who)
					peer := session.Peer{SessionID: 1, Addr: netip.MustParseAddrPort(addr)}
					if outcome, _ := h.login(peer, a); outcome.Reason != reason.OK || h.log.records[0].UserType != kind {
						t.Errorf("%v, %+v", outcome.Reason, h.log.records)
					}
				})
			}
		}
	}
}

// TestClientBehindAProxy: the record, the core and the answer have the client's address; the
// proxy's is in the audit log beside it, and nowhere else.
func TestClientBehindAProxy(t *testing.T) {
	h := newHouse(t, nil)
	var source netip.Addr
	h.core.verify = func(a *core.Attempt) (core.User, error) {
		source = a.Source.Addr()
		return core.User{Account: a.Account, UserType: regulation.UserCustomer}, nil
	}
	peer := session.Peer{SessionID: 1, Addr: netip.MustParseAddrPort("203.0.113.9:1"), Proxy: netip.MustParseAddr("10.0.0.2")}
	outcome, line := h.login(peer, attempt())
	if outcome.Reason != reason.OK || outcome.Receipt.Public != peer.Addr || source != peer.Addr.Addr() {
		t.Errorf("%v, the terminal is shown %s, the core %v", outcome.Reason, outcome.Receipt.Public, source)
	}
	if line.Address != peer.Addr.Addr() || line.Proxy != peer.Proxy {
		t.Errorf("audited as %v by %v", line.Address, line.Proxy)
	}
	if len(h.counts.from) != 1 || h.counts.from[account+" at 203.0.113.9 by 10.0.0.2"] != 1 {
		t.Errorf("counted as from %v", h.counts.from)
	}
}
