package agent

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// TestWhoMayEnter: a listener admits terminals or relays, never both, and relays of the agent's own mode alone.
func TestWhoMayEnter(t *testing.T) {
	t.Parallel()
	const terminals, relays = false, true
	for _, c := range []struct {
		name              string
		operator, chained bool
		verdict           auth.Verdict
		kind              auth.AppType
		listener          bool
		broker            string
		want              reason.Reason
	}{
		{"a terminal", false, false, auth.OK, '1', terminals, broker, reason.OK},
		{"a terminal at the relays' listener", false, true, auth.OK, '1', relays, broker, reason.WrongKind},
		{"an investor relay", false, true, auth.OK, '2', relays, broker, reason.OK},
		{"an investor relay at the terminals' listener", false, true, auth.OK, '2', terminals, broker, reason.WrongKind},
		{"an investor relay, not chained", false, false, auth.OK, '2', relays, broker, reason.WrongKind},
		{"an investor relay at an operator agent", true, true, auth.OK, '2', relays, broker, reason.WrongKind},
		{"an operator relay", true, true, auth.OK, '3', relays, broker, reason.OK},
		{"an operator relay at an investor agent", false, true, auth.OK, '3', relays, broker, reason.WrongKind},
		{"an operator relay at the terminals' listener", true, true, auth.OK, '3', terminals, broker, reason.WrongKind},
		{"another firm's", false, false, auth.OK, '1', terminals, "8888", reason.WrongBroker},
		{"unknown", false, false, auth.UnknownApp, 0, terminals, broker, reason.UnknownApp},
		{"disabled", false, false, auth.DisabledApp, 0, terminals, broker, reason.DisabledApp},
		{"wrong answer", false, false, auth.WrongAnswer, 0, terminals, broker, reason.WrongAnswer},
		{"unreadable", false, false, auth.UnreadableApp, 0, terminals, broker, reason.UnreadableApp},
	} {
		o := options(c.operator)
		o.Chained = c.chained
		f := open(t, o)
		f.registry = auth.Result{Verdict: c.verdict, Type: c.kind, RightBlocks: 3}
		at := peer(1)
		at.Relays = c.listener
		got := f.agent.Verify(at, &session.AuthAttempt{
			BrokerID: []byte(c.broker), AppID: []byte("an_app_1"), Challenge: new([auth.ChallengeLen]byte), Answer: new([auth.ChallengeLen]byte),
		})
		line := f.last()
		refused := c.want != reason.OK
		if got.Reason != c.want || !refused && got.AppType != byte(c.kind) || refused == (got.Ref == reason.Ref{}) {
			t.Errorf("%s: %+v, want %v", c.name, got, c.want)
		}
		if line.Event != logs.EventAuthenticate || line.Reason != c.want.String() || line.AppID != "an_app_1" || refused && line.Ref != string(got.Ref[:]) {
			t.Errorf("%s: audit line %+v", c.name, line)
		}
		if (line.RightBlocks == 3) != (c.want == reason.WrongAnswer) {
			t.Errorf("%s: right blocks %d", c.name, line.RightBlocks)
		}
	}
}

// TestWhatAnAgentRefusesItself: before a front is asked.
func TestWhatAnAgentRefusesItself(t *testing.T) {
	t.Parallel()
	const illegalItem = "RelayedTerminal.PublicIP"
	for name, c := range map[string]struct {
		change func(f *office, p *session.Peer, a *session.LoginAttempt)
		want   reason.Reason
	}{
		"draining":        {func(f *office, _ *session.Peer, _ *session.LoginAttempt) { f.agent.Drain(context.Background()) }, reason.Draining},
		"no address":      {func(_ *office, p *session.Peer, _ *session.LoginAttempt) { p.Addr = session.Peer{}.Addr }, reason.NoPublicAddress},
		"RelayedTerminal": {func(_ *office, _ *session.Peer, a *session.LoginAttempt) { a.Relayed = new(session.RelayedTerminal) }, reason.WrongMode},
		"a relay's, bare": {func(_ *office, _ *session.Peer, a *session.LoginAttempt) { a.AppType = '2' }, reason.WrongMode},
		"an illegal item": {func(_ *office, _ *session.Peer, a *session.LoginAttempt) {
			a.AppType, a.Relayed = '2', &session.RelayedTerminal{Illegal: illegalItem}
		}, reason.IllegalField},
		"no valid version": {func(f *office, _ *session.Peer, _ *session.LoginAttempt) { f.agent.SetKeys(expired(f.t)) }, reason.NoValidKey},
	} {
		for _, operator := range []bool{false, true} {
			f := open(t, options(operator))
			p, a := peer(1), attempt(new(terminal), info(1))
			c.change(f, &p, &a)
			got := f.agent.Login(context.Background(), p, &a)
			if line := f.last(); got.Reason != c.want || line.Reason != c.want.String() || line.Ref != string(got.Ref[:]) || len(f.relay.sent) > 0 || len(f.core.asked) > 0 {
				t.Errorf("%s: %+v, want %v; audit line %+v", name, got, c.want, line)
			}
			item := ""
			if c.want == reason.IllegalField {
				item = illegalItem
			}
			check(t, name+": item of the audit line", f.last().Item, item)
			if strings.Trim(string(a.Password)+string(a.Request), "\x00") != "" {
				t.Errorf("%s: the password is not wiped", name)
			}
		}
	}
}

// TestRequestsBeforeALogin: an investor agent's terminal has no connection to a front yet.
func TestRequestsBeforeALogin(t *testing.T) {
	t.Parallel()
	for operator, want := range map[bool]reason.Reason{false: reason.UnknownRequest, true: reason.OK} {
		f := open(t, options(operator))
		if got := f.agent.RequestCode(peer(1), new(terminal), []byte("an_app_1"), nil); got.Reason != want {
			t.Errorf("operator %v: %v, want %v", operator, got.Reason, want)
		}
	}
}

// TestNotedDecisions: what the session decides is a line with a reference, and a malformed message one without.
func TestNotedDecisions(t *testing.T) {
	t.Parallel()
	f := open(t, options(false))
	got := f.agent.NotifyDecision(peer(3), session.OpLogin, reason.IllegalField, "LoginRequest.UserID", []byte("an_app_1"), []byte("8"))
	if line := f.last(); line.Item != "LoginRequest.UserID" || line.Ref != string(got.Ref[:]) || line.Account != "8" || line.SessionID != 3 || line.FrontID != 101 || line.Time.IsZero() {
		t.Errorf("%+v", line)
	}
	f.agent.NoteMalformed(peer(3), "truncated", []byte("an_app_1"), nil)
	if line := f.last(); line.Event != logs.EventMalformed || line.Reason != "truncated" || len(line.Ref) != 6 {
		t.Errorf("%+v", line)
	}
	f.agent.NoteProxyHeader(peer(4), "proxy_absent")
	if line := f.last(); line.Event != logs.EventProxyHeader || line.Reason != "proxy_absent" || line.SessionID != 4 || len(line.Ref) != 6 {
		t.Errorf("%+v", line)
	}
}

func TestChallengesDiffer(t *testing.T) {
	t.Parallel()
	f := open(t, options(false))
	var one, two [auth.ChallengeLen]byte
	f.agent.Challenge(&one)
	f.agent.Challenge(&two)
	if one == two || one == [auth.ChallengeLen]byte{} {
		t.Error("challenges are no random bytes")
	}
}

// TestClock: how far this clock is ahead is what the last answer said.
func TestClock(t *testing.T) {
	t.Parallel()
	var a Agent
	now := time.Now()
	a.clock.note(now, now.Add(-90*time.Second))
	a.clock.note(now, time.Time{}) // an answer without a time
	check(t, "ahead", a.ClockAhead(), 90*time.Second)
	a.clock.note(now, now.Add(2*time.Second))
	check(t, "behind", a.ClockAhead(), -2*time.Second)
}
