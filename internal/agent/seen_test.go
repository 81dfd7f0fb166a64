package agent

import (
	"bytes"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/supplement"
)

func expired(t *testing.T) *supplement.KeyRing {
	t.Helper()
	ring, err := Versions([]Version{{Name: "1.0", NotAfter: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)}})
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// TestSeen: a ciphertext that came before on the day is found, also when UTC has another day, and is forgotten with the day.
func TestSeen(t *testing.T) {
	t.Parallel()
	s := seen{bound: 2}
	noon := time.Date(2026, 1, 5, 12, 0, 0, 0, regulation.Zone)
	again := func(n byte, at time.Time) (was bool, forget func()) { return s.reserve(info(n), visitSum{}, at) }
	if was, _ := again(1, noon); was {
		t.Error("the first was there before")
	}
	if was, forget := again(1, noon.Add(time.Hour)); !was {
		t.Error("the second was not found")
	} else {
		forget() // is not the second's to take back
	}
	if was, _ := again(1, noon.Add(2*time.Hour)); !was {
		t.Error("a replay took the first back")
	}
	_, forget := again(2, noon)
	forget()
	if was, _ := again(2, noon); was {
		t.Error("what came to nothing was found")
	}
	for n := byte(3); n < 10; n++ { // beyond the bound nothing is kept, and nothing is found
		if was, _ := again(n, noon); was || len(s.known) > 2 {
			t.Errorf("%d: %v, %d are kept", n, was, len(s.known))
		}
	}
	if was, _ := s.reserve(nil, visitSum{}, noon); was {
		t.Error("an empty ciphertext is one that came before")
	}
	if was, _ := again(1, noon.Add(12*time.Hour)); was || len(s.known) != 1 {
		t.Errorf("after midnight: %v, %d are kept", was, len(s.known))
	}
	if was, _ := again(1, noon.Add(12*time.Hour+time.Minute)); !was {
		t.Error("the day began anew within it")
	}
	none := seen{}
	for range 2 {
		if was, _ := none.reserve(info(1), visitSum{}, noon); was {
			t.Error("without a bound something is found")
		}
	}
}

// TestFlags: 异常标识 as a front would judge it, where the agent is sure.
func TestFlags(t *testing.T) {
	t.Parallel()
	f := open(t, options(true))
	for _, c := range []struct {
		name, version string
		flag          byte
		ciphertext    []byte
		want          byte
		problem       string
	}{
		{"good", "1.0", '0', info(1), '0', ""},
		{"its own", "1.0", '3', info(2), '3', "terminal_reported"},
		{"nothing collected", "1.0", '0', nil, '1', "terminal_info_empty"},
		{"unknown version", "2.0", '0', info(3), '2', "key_version_unknown"},
		{"expired version", "0.9", '0', info(4), '2', "key_version_expired"},
		{"length", "1.0", '0', info(5)[:255], '3', "terminal_info_length"},
		{"an SM2 key makes others", "3.0", '0', append([]byte{4}, info(6)[:199]...), '0', ""},
		{"the ASN.1 form of SM2", "3.0", '0', append([]byte{0x30}, info(7)[:199]...), '3', "terminal_info_form"},
		{"again", "1.0", '0', info(1), '3', "terminal_info_replayed"},
	} {
		a := attempt(new(terminal), c.ciphertext)
		a.Terminal.KeyVersion, a.Terminal.Flag = []byte(c.version), c.flag
		f.agent.Login(t.Context(), peer(9), &a)
		sent := f.relay.sent[len(f.relay.sent)-1]
		if sent.AbnormalFlag != c.want || sent.KeyVersion != c.version || string(sent.Ciphertext) != string(c.ciphertext) || f.last().TerminalProblem != c.problem {
			t.Errorf("%s: flag %c, version %s, %d bytes, %q", c.name, sent.AbnormalFlag, sent.KeyVersion, len(sent.Ciphertext), f.last().TerminalProblem)
		}
	}
}

func TestAgentEncryptsNothing(t *testing.T) {
	t.Parallel()
	if out, err := (looks{}).Encrypt(nil, []byte("x")); err == nil || out != nil {
		t.Errorf("%x, %v", out, err)
	}
}

// TestSeenOnAVisit: a many-to-many relay below that has connected again sends a terminal's ciphertext once more. That is no replay
// for as long as account, terminal and relay are the same.
func TestSeenOnAVisit(t *testing.T) {
	t.Parallel()
	f := open(t, options(true))
	login := func(change func(a *session.LoginAttempt, told []byte)) (flag byte) {
		a := attempt(new(terminal), info(1))
		a.AppType, a.AppID = ftd.InvestorRelay, []byte("below_m2m_1")
		s := submission(1)
		a.Relayed = &s.Visit
		told := bytes.Clone(s.Visit.Field)
		s.Visit.Field = told
		change(&a, told)
		f.agent.Login(t.Context(), peer(9), &a)
		return f.relay.sent[len(f.relay.sent)-1].AbnormalFlag
	}
	same := func(*session.LoginAttempt, []byte) {}
	for range 3 {
		if got := login(same); got != '0' {
			t.Errorf("on its visit: flag %c", got)
		}
	}
	for name, change := range map[string]func(a *session.LoginAttempt, told []byte){
		"of another account":    func(a *session.LoginAttempt, _ []byte) { a.UserID = []byte("88888889") },
		"through another relay": func(a *session.LoginAttempt, _ []byte) { a.AppID = []byte("below_m2m_2") },
		"at another time":       func(_ *session.LoginAttempt, told []byte) { told[30+39+5+18]++ },
		"by itself":             func(a *session.LoginAttempt, _ []byte) { a.Relayed, a.AppType = nil, '1' },
	} {
		if got := login(change); got != '3' {
			t.Errorf("%s: flag %c", name, got)
		}
	}
}
