package gateway

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

func TestVerify(t *testing.T) {
	for _, c := range []struct {
		name    string
		verdict auth.Verdict
		broker  string
		want    reason.Reason
	}{
		{"admitted", auth.OK, broker, reason.OK},
		{"unknown AppID", auth.UnknownApp, broker, reason.UnknownApp},
		{"disabled AppID", auth.DisabledApp, broker, reason.DisabledApp},
		{"wrong answer", auth.WrongAnswer, broker, reason.WrongAnswer},
		{"a verdict of tomorrow", 200, broker, reason.WrongAnswer},
		{"bound elsewhere", auth.OtherNetwork, broker, reason.AppNetwork},
		{"wrong broker", auth.OK, "8888", reason.WrongBroker},
		{"no broker", auth.OK, "", reason.WrongBroker},
		{"longer broker", auth.OK, broker + "0", reason.WrongBroker},
		{"wrong broker, wrong answer", auth.WrongAnswer, "8888", reason.WrongBroker},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, nil)
			h.registry.verdict = c.verdict
			if c.verdict == auth.OtherNetwork { // the answer was right
				h.registry.verdict, h.registry.bound = auth.OK, c.verdict
			}
			outcome := h.Verify(home, &session.AuthAttempt{
				BrokerID: []byte(c.broker), AppID: []byte(appID),
				Challenge: new([auth.ChallengeLen]byte), Answer: new([auth.ChallengeLen]byte),
			})
			if outcome.Reason != c.want || (outcome.AppType != 0) != (c.want == reason.OK) {
				t.Errorf("%v, AppType %q; want %v", outcome.Reason, outcome.AppType, c.want)
			}
			if c.want != reason.OK && c.want.Code() != 63 {
				t.Errorf("code %d", c.want.Code())
			}
			if h.counts.authenticated[c.want.String()] != 1 {
				t.Errorf("counted %v", h.counts.authenticated)
			}
			byApp := fmt.Sprint("authenticate ", appID, " ", c.want, " ", c.verdict != auth.UnknownApp)
			if h.counts.apps[byApp] != 1 || len(h.counts.apps) != 1 {
				t.Errorf("by AppID %v, want one of %q", h.counts.apps, byApp)
			}
			h.checkOneLine(session.OpAuthenticate, outcome)
			// Which authcode was used is of admitted ones only, in the line and in the counts.
			used, counted := "", 0
			if c.want == reason.OK {
				used, counted = "previous", 1
			}
			if got := h.audit.entries[0].AuthCode; got != used || h.counts.codes["previous"] != counted {
				t.Errorf("authcode %q, counted %v; want %q", got, h.counts.codes, used)
			}
			if got := h.audit.entries[0].RightBlocks; (got == 3) != (c.verdict == auth.WrongAnswer && c.want == reason.WrongAnswer) {
				t.Errorf("right blocks %d", got)
			}
		})
	}
}

// checkOneLine: the only line so far is of op, with the outcome's reason and reference.
func (h *house) checkOneLine(op session.Op, outcome session.Outcome) {
	h.t.Helper()
	if len(h.audit.entries) != 1 {
		h.t.Fatalf("%d audit lines", len(h.audit.entries))
	}
	line, ref := h.audit.entries[0], ""
	if outcome.Reason != reason.OK {
		ref = string(outcome.Ref[:])
		checkLetters(h.t, outcome.Ref)
	}
	if line.Event != op.String() || line.Reason != outcome.Reason.String() || line.Code != outcome.Reason.Code() || line.Ref != ref ||
		line.AppID != appID || line.Address != home.Addr.Addr() || line.Port != home.Addr.Port() || line.SessionID != home.SessionID {
		h.t.Errorf("audit line %+v, outcome %+v", line, outcome)
	}
}

// The answer to a challenge is as good as the authcode: it must not be written down.
func TestVerifyTellsNoAnswer(t *testing.T) {
	h := newHouse(t, nil)
	h.registry.verdict = auth.WrongAnswer
	answer := [auth.ChallengeLen]byte([]byte(strings.Repeat("answer--", auth.ChallengeLen/8)))
	challenge := [auth.ChallengeLen]byte([]byte(strings.Repeat("challeng", auth.ChallengeLen/8)))
	h.Verify(home, &session.AuthAttempt{BrokerID: []byte(broker), AppID: []byte(appID), Challenge: &challenge, Answer: &answer})
	for _, text := range []string{fmt.Sprintf("%+v", h.audit.entries), h.appLog.String()} {
		if strings.Contains(text, "answer--") || strings.Contains(text, "challeng") {
			t.Error(text)
		}
	}
}

func TestChallengesDiffer(t *testing.T) {
	h := newHouse(t, nil)
	var one, other [auth.ChallengeLen]byte
	h.Challenge(&one)
	h.Challenge(&other)
	if one == other || one == ([auth.ChallengeLen]byte{}) {
		t.Error("two challenges are the same, or empty")
	}
}

// What session and front decide by themselves is written down in the same form:
// every reason for every operation.
func TestNotifyDecision(t *testing.T) {
	for why := range reason.Reason(len(reason.Words())) {
		for _, op := range []session.Op{session.OpAuthenticate, session.OpLogin, session.OpLogout, session.OpRequest} {
			h := newHouse(t, nil)
			outcome := h.NotifyDecision(home, op, why, "LoginRequest.UserID", []byte(appID), []byte(account))
			if outcome.Reason != why || outcome.Receipt != nil {
				t.Errorf("%v of %v: %+v", why, op, outcome)
			}
			h.checkOneLine(op, outcome)
			if h.audit.entries[0].Account != account || h.audit.entries[0].Item != "LoginRequest.UserID" {
				t.Errorf("%v of %v: %+v", why, op, h.audit.entries[0])
			}
			authentications, logins := h.counts.authenticated[why.String()], h.counts.loggedIn[why.String()]
			if (authentications == 1) != (op == session.OpAuthenticate) || (logins == 1) != (op == session.OpLogin) {
				t.Errorf("%v of %v counted as %d authentications, %d logins", why, op, authentications, logins)
			}
		}
	}
}
