package gateway

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/session"
)

const (
	operatorApp, investorApp = "abcdef_relay_1.6.0", "abcdef_many_1.6.0"
	operator                 = "8000admin"
)

var relayPeer = session.Peer{SessionID: 9, Addr: netip.MustParseAddrPort("10.1.2.3:41022"), Relays: true}

// grants is a relay.Source that a test changes.
type grants struct {
	generation  int64
	permissions []relay.Permission
	scope       []relay.Grant
}

func (s *grants) Generation(context.Context) (int64, error) { return s.generation, nil }

func (s *grants) Relays(context.Context) ([]relay.Permission, []relay.Grant, error) {
	return s.permissions, s.scope, nil
}

// relayHouse is a house that admits two relays.
type relayHouse struct {
	*house
	grants *grants
	table  *relay.Table
	seq    int
}

// knowing is a core that can be asked for accounts: those of one digit do not exist, and those that begin with 9 are disabled.
type knowing struct {
	*fakeCore
	asked int
	off   string // an account that was disabled since
}

func (k *knowing) Known(account []byte) (known, disabled bool) {
	k.asked++
	return len(account) > 1, len(account) > 1 && (account[0] == '9' || string(account) == k.off)
}

func newRelayHouse(t *testing.T, change func(*setup, *grants)) *relayHouse {
	t.Helper()
	g := &grants{scope: []relay.Grant{{AppID: operatorApp, Operator: operator, Kind: relay.All}}}
	for _, id := range []regulation.AppID{operatorApp, investorApp} {
		g.permissions = append(g.permissions, relay.Permission{
			AppID: id, Networks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}, Operators: []regulation.Account{operator},
			TerminalApps: relay.Listed, Connections: 2, Rate: 1000, Burst: 100_000, Window: 256,
		})
	}
	r := &relayHouse{grants: g, table: relay.NewTable(g)}
	r.house = newHouse(t, func(s *setup) {
		s.SeenTerminals = 1000
		s.Relays = r.table
		s.Relay = RelayOptions{
			Enabled: true, MaxTerminalAge: 96 * time.Hour, ClockAhead: time.Minute, SubmitIDAge: 15 * time.Minute, MaxVisits: 100_000,
		}
		if change != nil {
			change(s, g)
		}
	})
	r.core.verify = func(a *core.Attempt) (core.User, error) {
		if string(a.Password) != password {
			return core.User{}, &core.Refused{Reason: reason.WrongPassword}
		}
		userType := regulation.UserCustomer
		if a.Account == operator || a.Account == "8001other" {
			userType = regulation.UserOperator
		}
		return core.User{Account: a.Account, UserType: userType}, nil
	}
	r.registry.kinds = map[string]auth.AppType{
		operatorApp: auth.AppOperatorRelay, investorApp: auth.AppInvestorRelay, appID: auth.AppDirect, "client_off_1.0": auth.AppDirect,
	}
	r.registry.disabled = map[string]bool{"client_off_1.0": true}
	r.change()
	return r
}

// change has the table read what was granted.
func (r *relayHouse) change() {
	r.t.Helper()
	r.grants.generation++
	if _, err := r.table.Refresh(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

func (r *relayHouse) verifyAt(peer session.Peer, id string) session.Outcome {
	return r.Verify(peer, &session.AuthAttempt{
		BrokerID: []byte(broker), AppID: []byte(id), Challenge: new([auth.ChallengeLen]byte), Answer: new([auth.ChallengeLen]byte),
	})
}

// submitID is drawn at that instant, another each time.
func (r *relayHouse) submitID(at time.Time) string {
	r.seq++
	ms := at.UnixMilli()
	var id uuid.UUID
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	id[6], id[8], id[14], id[15] = 0x70, 0x80, byte(r.seq>>8), byte(r.seq)
	return id.String()
}

// terminal is what a relay tells of an honest one.
func terminal() session.RelayedTerminal {
	return session.RelayedTerminal{
		Told: ftd.RelayedTerminal{
			AppID: []byte(appID), PublicIP: []byte("203.0.113.7"), PublicPort: 50001, LoginTime: []byte("2026-01-05 11:44:58"), TerminalType: '2',
		},
		Field: bytes.Repeat([]byte{'F'}, 94),
	}
}

// submission is an honest one; its ciphertext is its own.
func (r *relayHouse) submission(change func(*session.SubmitAttempt)) *session.SubmitAttempt {
	a := &session.SubmitAttempt{
		AppID: []byte(operatorApp), Operator: []byte(operator), LoggedIn: noon.Add(-time.Hour), BrokerID: []byte(broker),
		Request: ftd.SubmitRequest{BrokerID: []byte(broker), UserID: []byte(account), SubmitID: []byte(r.submitID(noon)), Attempt: ftd.AttemptFirst},
		Visit:   terminal(),
	}
	a.Info = session.TerminalInfo{KeyVersion: []byte("1.0"), Flag: '0', Ciphertext: []byte(fmt.Sprintf("%0256d", r.seq))}
	if change != nil {
		change(a)
	}
	told := &a.Visit.Told
	a.Content = fmt.Appendf(nil, "%-10s%-18s%s%-30s%-39s%05d%-19s%c%-8s%c%s", a.Request.BrokerID, a.Request.UserID, a.Request.SubmitID,
		told.AppID, told.PublicIP, told.PublicPort, told.LoginTime, told.TerminalType, a.Info.KeyVersion, a.Info.Flag, a.Info.Ciphertext)
	return a
}

// submit is one submission, held to what must be so of every one.
func (r *relayHouse) submit(a *session.SubmitAttempt) (session.Outcome, logs.Entry) {
	r.t.Helper()
	lines, records := len(r.audit.entries), len(r.log.records)
	outcome := r.Submit(context.Background(), relayPeer, a)
	if n := len(r.audit.entries) - lines; n != 1 {
		r.t.Fatalf("%d audit lines for one submission", n)
	}
	line := r.audit.entries[lines]
	if line.Event != logs.EventSubmit || line.RelayAppID != string(a.AppID) || line.RelayMode != "3" || line.SubmitID != string(a.Request.SubmitID) ||
		line.Operator != string(a.Operator) || line.Address != relayPeer.Addr.Addr() || line.Code != outcome.Reason.Code() {
		r.t.Errorf("%+v", line)
	}
	stored := len(r.log.records) - records
	if ok := outcome.Reason == reason.OK; ok != (outcome.Submitted != nil) || ok != (stored == 1) || ok == (line.Ref != "") {
		r.t.Errorf("%v with %v, %d records, line %+v", outcome.Reason, outcome.Submitted, stored, line)
	}
	return outcome, line
}

// options changes them as a reload does.
func (r *relayHouse) options(change func(*RelayOptions)) {
	o := *r.relaying.Load()
	change(&o)
	r.SetRelay(o)
}
