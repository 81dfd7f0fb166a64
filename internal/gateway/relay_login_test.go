package gateway

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
)

// relayedAttempt is a customer's login through a many-to-many relay.
func relayedAttempt() session.LoginAttempt {
	a := attempt()
	t := terminal()
	a.AppID, a.AppType, a.Relayed = []byte(investorApp), investorRelay, &t
	return a
}

func (r *relayHouse) loginAt(a session.LoginAttempt) (session.Outcome, logs.Entry) {
	outcome := r.Login(context.Background(), relayPeer, &a)
	return outcome, r.audit.entries[len(r.audit.entries)-1]
}

// TestRelayedLogin: the record is the terminal's, and says through which relay it came.
func TestRelayedLogin(t *testing.T) {
	r := newRelayHouse(t, nil)
	outcome, line := r.loginAt(relayedAttempt())
	if outcome.Reason != reason.OK {
		t.Fatalf("%+v", line)
	}
	asked := r.core.attempts[0]
	if asked.Via != investorApp || asked.AppID != appID || asked.Source != netip.MustParseAddrPort("203.0.113.7:50001") || len(asked.Relayed) != 94 {
		t.Errorf("the core was asked for %+v", asked)
	}
	rec := r.log.records[0]
	sup := open(t, &rec)
	visit := time.Date(2026, 1, 5, 11, 44, 58, 0, regulation.Zone)
	if sup.Public != asked.Source || sup.AppID != appID || !sup.LoginTime.Equal(visit) || sup.UserType != regulation.UserCustomer || sup.Relay == nil ||
		sup.Relay.AppID != investorApp || sup.Relay.Addr != relayPeer.Addr || !sup.Relay.LoginTime.Equal(noon.Truncate(time.Second)) {
		t.Errorf("%+v %+v", sup, sup.Relay)
	}
	if rec.RelayMode != store.RelayInvestor || rec.RelayAppID != investorApp || !rec.VisitTime.Equal(visit) || rec.ID.Version() != 7 ||
		!rec.RelayLoginTime.Equal(rec.LoginTime) {
		t.Errorf("%+v", rec)
	}
	told := outcome.Receipt
	if told.Via == nil || told.Via.AppID != investorApp || told.Public != sup.Public || !told.LoginTime.Equal(visit) || told.Terms != nil {
		t.Errorf("%+v", told)
	}
	if line.Event != logs.EventLogin || line.AppID != appID || line.RelayAppID != investorApp || line.RelayMode != "2" ||
		line.Address != relayPeer.Addr.Addr() || line.TerminalAddress != "203.0.113.7" || line.RecordID != rec.ID {
		t.Errorf("%+v", line)
	}
}

// TestRelayedLoginIsJudgedBeforeItsPassword: by the checks of a submission that are a login's too.
func TestRelayedLoginIsJudgedBeforeItsPassword(t *testing.T) {
	for _, c := range []struct {
		want   reason.Reason
		change func(*relayHouse, *session.LoginAttempt)
	}{
		{reason.WrongMode, func(_ *relayHouse, a *session.LoginAttempt) { a.Relayed = nil }},
		{reason.WrongMode, func(_ *relayHouse, a *session.LoginAttempt) { a.AppID, a.AppType = []byte(appID), '1' }},
		{reason.WrongMode, func(_ *relayHouse, a *session.LoginAttempt) { a.AppID, a.AppType = []byte(operatorApp), operatorRelay }},
		{reason.RelayDisabled, func(r *relayHouse, _ *session.LoginAttempt) { r.registry.disabled[investorApp] = true }},
		{reason.RelayRate, func(r *relayHouse, _ *session.LoginAttempt) {
			r.grants.permissions[1].Burst = 1
			r.change()
			r.table.Find([]byte(investorApp)).Take()
		}},
		{reason.IllegalField, func(_ *relayHouse, a *session.LoginAttempt) { a.Relayed.Told.LoginTime = nil }},
		{reason.IllegalField, func(_ *relayHouse, a *session.LoginAttempt) { a.UserID = []byte("8888-8888") }},
		{reason.TerminalTimeOld, func(_ *relayHouse, a *session.LoginAttempt) { a.Relayed.Told.LoginTime = []byte("2019-01-21 08:00:00") }},
		{reason.NoTerminalAddress, func(_ *relayHouse, a *session.LoginAttempt) { a.Relayed.Told.PublicIP = []byte("0.0.0.0") }},
		{reason.TerminalAppUnknown, func(_ *relayHouse, a *session.LoginAttempt) { a.Relayed.Told.AppID = []byte("client_new_1.0") }},
		{reason.TerminalAppUnknown, func(_ *relayHouse, a *session.LoginAttempt) { a.Relayed.Told.AppID = []byte("client_demo") }},
		{reason.RelayGuessing, func(r *relayHouse, _ *session.LoginAttempt) {
			for range relay.GuessesPerMinute {
				r.table.Find([]byte(investorApp)).Guessed()
			}
		}},
	} {
		r := newRelayHouse(t, nil)
		a := relayedAttempt()
		c.change(r, &a)
		outcome, line := r.loginAt(a)
		if outcome.Reason != c.want || line.Reason != c.want.String() || len(r.core.attempts) != 0 || len(r.log.records) != 0 {
			t.Errorf("%v: %v, asked %d times", c.want, outcome.Reason, len(r.core.attempts))
		}
		if (c.want == reason.IllegalField) != strings.Contains(line.Item, ".") {
			t.Errorf("%v: item %q, want the field's name and the item's", c.want, line.Item)
		}
		if string(a.Password) == password {
			t.Errorf("%v: the password was not zeroed", c.want)
		}
	}
}

// TestWrongPasswordsAreTheRelays: they use its budget up, and no other relay's.
func TestWrongPasswordsAreTheRelays(t *testing.T) {
	r := newRelayHouse(t, func(_ *setup, g *grants) { g.permissions[1].Burst = 2000 })
	guesses := 0
	for r.table.Find([]byte(investorApp)).MayGuess() && guesses < 2*relay.GuessesPerMinute { // the budget fills again meanwhile
		a := relayedAttempt()
		a.Password = []byte("wrong")
		if outcome, _ := r.loginAt(a); outcome.Reason != reason.WrongPassword {
			t.Fatal(outcome.Reason)
		}
		guesses++
	}
	if guesses < relay.GuessesPerMinute || guesses == 2*relay.GuessesPerMinute || !r.table.Find([]byte(operatorApp)).MayGuess() {
		t.Errorf("after %d guesses the budget is not the relay's own", guesses)
	}
}

func operatorAttempt(user string) session.LoginAttempt {
	a := attempt()
	a.AppID, a.AppType, a.UserID = []byte(operatorApp), operatorRelay, []byte(user)
	return a
}

// TestOperatorsLogin: an operator of this relay gets its terms and a record of its own; others are told after their password
// was right.
func TestOperatorsLogin(t *testing.T) {
	r := newRelayHouse(t, nil)
	outcome, line := r.loginAt(operatorAttempt(operator))
	if outcome.Reason != reason.OK || outcome.Receipt.Terms == nil || outcome.Receipt.Terms.Window != 256 || outcome.Receipt.Terms.MaxTerminalAge != 345600 {
		t.Fatalf("%+v", line)
	}
	sup := open(t, &r.log.records[0])
	if sup.Relay != nil || sup.AppID != operatorApp || sup.UserType != '2' || sup.Public != relayPeer.Addr || line.RelayMode != "3" {
		t.Errorf("%+v", sup)
	}
	for _, user := range []string{account, "8001other"} {
		outcome, _ := r.loginAt(operatorAttempt(user))
		if outcome.Reason != reason.NotOperator || outcome.Reason.Code() != 9 {
			t.Errorf("%s: %v", user, outcome.Reason)
		}
	}
	wrong := operatorAttempt("8001other")
	wrong.Password = []byte("wrong")
	if outcome, _ := r.loginAt(wrong); outcome.Reason != reason.WrongPassword {
		t.Error(outcome.Reason)
	}
	if len(r.log.records) != 1 || len(r.core.aborted) != 2 || r.Online() != 1 {
		t.Errorf("%d records, aborted %v, %d online", len(r.log.records), r.core.aborted, r.Online())
	}
}

// TestOperatorAuditOnly: no record, and the line is there.
func TestOperatorAuditOnly(t *testing.T) {
	r := newRelayHouse(t, func(s *setup, _ *grants) { s.Relay.OperatorAuditOnly = true })
	outcome, line := r.loginAt(operatorAttempt(operator))
	if outcome.Reason != reason.OK || outcome.Receipt.RecordID != uuid.Nil || outcome.Receipt.LoginTime.IsZero() || outcome.Receipt.Terms == nil {
		t.Errorf("%+v", outcome.Receipt)
	}
	if len(r.log.records) != 0 || line.RecordID != uuid.Nil || line.RelayMode != "3" || line.TradingDay != 20260105 || r.Online() != 1 {
		t.Errorf("%d records, %+v", len(r.log.records), line)
	}
	if outcome, _ := r.loginAt(relayedAttempt()); outcome.Reason != reason.OK || len(r.log.records) != 1 {
		t.Error("a customer's login has no record")
	}
}

// TestBindingsAreOfDirectTerminals: what a relay may do its permission says.
func TestBindingsAreOfDirectTerminals(t *testing.T) {
	r := newRelayHouse(t, nil)
	r.registry.bound = auth.OtherAccount
	if outcome, line := r.loginAt(relayedAttempt()); outcome.Reason != reason.OK {
		t.Errorf("%+v", line)
	}
}
