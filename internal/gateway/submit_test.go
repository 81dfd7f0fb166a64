package gateway

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/supplement"
	"github.com/tradefront/tradefront/test/testmain"
)

// TestSubmit: record = supplement = answer = what the relay told and the front saw.
func TestSubmit(t *testing.T) {
	r := newRelayHouse(t, func(s *setup, _ *grants) {
		s.Relay.PublicAddresses = map[netip.Addr]netip.Addr{relayPeer.Addr.Addr(): netip.MustParseAddr("198.51.100.4")}
	})
	a := r.submission(nil)
	outcome, line := r.submit(a)
	if outcome.Reason != reason.OK || len(r.log.records) != 1 {
		t.Fatalf("%+v %+v", outcome, line)
	}
	rec := r.log.records[0]
	id, _ := relay.ParseSubmitID(a.Request.SubmitID)
	if rec.ID != relay.RecordID([]byte(operatorApp), id, a.Content) || !rec.Submitted() {
		t.Errorf("RecordID %v", rec.ID)
	}
	want := supplement.Supplement{
		Flag: regulation.FlagNormal, AppID: appID, Public: netip.MustParseAddrPort("203.0.113.7:50001"),
		LoginTime: time.Date(2026, 1, 5, 11, 44, 58, 0, regulation.Zone), Account: account, UserType: regulation.UserOperator,
	}
	via := supplement.Relay{
		AppID: operatorApp, Addr: netip.MustParseAddrPort("198.51.100.4:41022"), LoginTime: time.Date(2026, 1, 5, 11, 0, 0, 0, regulation.Zone),
	}
	got := open(t, &rec)
	if got.Relay == nil || *got.Relay != via {
		t.Errorf("relay %+v", got.Relay)
	}
	got.Relay = nil
	if got != want {
		t.Errorf("%+v", got)
	}
	if !rec.LoginTime.Equal(noon.Truncate(time.Second)) || !rec.VisitTime.Equal(want.LoginTime) || !rec.RelayLoginTime.Equal(via.LoginTime) ||
		rec.RelayAppID != operatorApp || rec.RelayMode != store.RelayOperator || rec.AppID != appID || rec.TradingDay != 20260105 {
		t.Errorf("%+v", rec)
	}
	told := outcome.Submitted
	if told.RecordID != rec.ID || told.UserType != '2' || told.Account != account || told.TradingDay != rec.TradingDay || told.Flag != rec.Flag ||
		told.Via != session.Via(via) {
		t.Errorf("told %+v", told)
	}
	if line.RecordID != rec.ID || line.AppID != appID || line.Account != account || line.TerminalAddress != "203.0.113.7" ||
		line.TerminalPort != 50001 || line.RelayAddress != via.Addr.Addr() || line.UserType != '2' {
		t.Errorf("%+v", line)
	}
}

// fault is one way to be wrong.
type fault struct {
	number int
	why    reason.Reason
	spoil  func(*relayHouse, *session.SubmitAttempt)
}

func faults() []fault {
	told := func(f func(*session.RelayedTerminal)) func(*relayHouse, *session.SubmitAttempt) {
		return func(_ *relayHouse, a *session.SubmitAttempt) { f(&a.Visit) }
	}
	request := func(f func(*session.SubmitAttempt)) func(*relayHouse, *session.SubmitAttempt) {
		return func(_ *relayHouse, a *session.SubmitAttempt) { f(a) }
	}
	id := func(at time.Time) func(*relayHouse, *session.SubmitAttempt) {
		return func(r *relayHouse, a *session.SubmitAttempt) { a.Request.SubmitID = []byte(r.submitID(at)) }
	}
	policy := func(f func(*Policy)) func(*relayHouse, *session.SubmitAttempt) {
		return func(r *relayHouse, _ *session.SubmitAttempt) {
			p := *r.Policy()
			f(&p)
			r.SetPolicy(p)
		}
	}
	storeFails := func(err error) func(*relayHouse, *session.SubmitAttempt) {
		return func(r *relayHouse, _ *session.SubmitAttempt) { r.log.fail = func() error { return err } }
	}
	return []fault{
		{7, reason.RelayRate, func(r *relayHouse, _ *session.SubmitAttempt) {
			r.grants.permissions[0].Rate, r.grants.permissions[0].Burst = 1, 1
			r.change()
			r.table.Find([]byte(operatorApp)).Take()
		}},
		{8, reason.BrokerMismatch, request(func(a *session.SubmitAttempt) { a.Request.BrokerID = []byte("8888") })},
		{9, reason.SubmitID, request(func(a *session.SubmitAttempt) { a.Request.SubmitID = []byte("019b7c1e-5c00-4d4e-8a3b-0123456789ab") })},
		{9, reason.SubmitIDTime, id(noon.Add(-15*time.Minute - time.Second))},
		{9, reason.SubmitIDTime, id(noon.Add(time.Minute + time.Second))},
		{10, reason.IllegalField, request(func(a *session.SubmitAttempt) { a.Illegal = "TerminalInfo.KeyVersion" })},
		{10, reason.IllegalField, request(func(a *session.SubmitAttempt) { a.Request.UserID = []byte("8888-8888") })},
		{10, reason.IllegalField, request(func(a *session.SubmitAttempt) { a.Request.Attempt = '2' })},
		{10, reason.IllegalField, told(func(v *session.RelayedTerminal) { v.Told.AppID = nil })},
		{10, reason.IllegalField, told(func(v *session.RelayedTerminal) { v.Told.PublicPort = 65536 })},
		{10, reason.IllegalField, told(func(v *session.RelayedTerminal) { v.Told.LoginTime = []byte("2026-01-05 8:44:58") })},
		{10, reason.IllegalField, told(func(v *session.RelayedTerminal) { v.Told.LoginTime = []byte("2026-01-05") })},
		{10, reason.IllegalField, told(func(v *session.RelayedTerminal) { v.Told.TerminalType = '8' })},
		{10, reason.IllegalField, told(func(v *session.RelayedTerminal) { v.Illegal = "TerminalTag.MAC" })},
		{11, reason.TerminalTimeAhead, told(func(v *session.RelayedTerminal) { v.Told.LoginTime = []byte("2026-01-06 12:00:00") })},
		{11, reason.TerminalTimeOld, told(func(v *session.RelayedTerminal) { v.Told.LoginTime = []byte("2019-01-21 08:00:00") })},
		{12, reason.NoTerminalAddress, told(func(v *session.RelayedTerminal) { v.Told.PublicIP = []byte("::ffff:0.0.0.0") })},
		{12, reason.NoTerminalAddress, told(func(v *session.RelayedTerminal) { v.Told.PublicIP = []byte("fe80::1%eth0") })},
		{12, reason.NoTerminalAddress, told(func(v *session.RelayedTerminal) { v.Told.PublicIP = []byte("::ffff:203.0.113.7%1") })},
		{12, reason.NoTerminalAddress, told(func(v *session.RelayedTerminal) { v.Told.PublicIP = []byte("localhost") })},
		{12, reason.NoTerminalAddress, told(func(v *session.RelayedTerminal) { v.Told.PublicPort = 0 })},
		{12, reason.NoTerminalAddress, told(func(v *session.RelayedTerminal) {
			v.Told.PublicIP, v.Told.PublicPort, v.Told.TerminalType = nil, 0, '6'
		})},
		{13, reason.TerminalAppUnknown, told(func(v *session.RelayedTerminal) { v.Told.AppID = []byte("client_new_1.0") })},
		{13, reason.TerminalAppUnknown, told(func(v *session.RelayedTerminal) { v.Told.AppID = []byte("client_demo") })},
		{13, reason.TerminalAppUnknown, func(r *relayHouse, a *session.SubmitAttempt) { // no record can hold it, also where others are counted
			r.grants.permissions[0].TerminalApps = relay.Audit
			r.change()
			a.Visit.Told.AppID = []byte("client_tradingsoft_1.0")
		}},
		{13, reason.TerminalAppDisabled, told(func(v *session.RelayedTerminal) { v.Told.AppID = []byte("client_off_1.0") })},
		{13, reason.TerminalAppKind, told(func(v *session.RelayedTerminal) { v.Told.AppID = []byte(investorApp) })},
		{13, reason.TerminalAppNotOfRelay, func(r *relayHouse, _ *session.SubmitAttempt) {
			r.grants.permissions[0].AllowedApps = []regulation.AppID{"client_other_1.0"}
			r.change()
		}},
		{14, reason.OutOfScope, func(r *relayHouse, _ *session.SubmitAttempt) { r.grants.scope = nil; r.change() }},
		{14, reason.OutOfScope, func(r *relayHouse, _ *session.SubmitAttempt) { r.grants.permissions[0].Operators = nil; r.change() }},
		{14, reason.DisabledCustomer, func(_ *relayHouse, a *session.SubmitAttempt) { a.Request.UserID = []byte("98888888") }},
		{14, reason.UnknownCustomer, request(func(a *session.SubmitAttempt) { a.Request.UserID = []byte("8") })},
		{14, reason.RelayVisits, func(r *relayHouse, _ *session.SubmitAttempt) {
			r.options(func(o *RelayOptions) { o.MaxVisits = 1 })
			link := r.links.find(relayPeer.SessionID)
			link.reserve(relay.SubmitID{1}, uuid.UUID{}, 1)
			link.begin(relay.SubmitID{1}, liveVisit{account: "1"})
		}},
		{15, reason.NoValidKey, func(r *relayHouse, _ *session.SubmitAttempt) { r.useKeys(expiredRing(r.t)) }},
		{16, reason.TerminalInfoRefused, func(r *relayHouse, a *session.SubmitAttempt) {
			policy(func(p *Policy) { p.Strict = true })(r, a)
			a.Info.Ciphertext = a.Info.Ciphertext[:100]
		}},
		{16, reason.ReplayedTerminalInfo, func(r *relayHouse, a *session.SubmitAttempt) {
			policy(func(p *Policy) { p.RejectReplays = true })(r, a)
			r.LoadSeen(20260105, store.HashTerminal(a.Info.Ciphertext), store.VisitHash{1})
			r.LoadSeen(20260105, store.HashTerminal(a.Info.Ciphertext[:100]), store.VisitHash{1})
		}},
		{17, reason.StoreUnavailable, storeFails(store.ErrUnavailable)},
		{17, reason.Overloaded, storeFails(store.ErrOverloaded)},
		{17, reason.StoreFull, storeFails(store.ErrFull)},
		{17, reason.StoreFailed, storeFails(errors.New("disk"))},
	}
}

func newSubmitHouse(t *testing.T) *relayHouse {
	t.Helper()
	r := newRelayHouse(t, func(s *setup, _ *grants) { s.Core = &knowing{fakeCore: s.Core.(*fakeCore)} })
	if outcome := r.verifyAt(relayPeer, operatorApp); outcome.Reason != reason.OK {
		t.Fatal(outcome.Reason)
	}
	return r
}

// TestSubmitFaults: each refusal by its word and code, nothing recorded, and a later submission is taken.
func TestSubmitFaults(t *testing.T) {
	covered := map[reason.Reason]bool{}
	for _, f := range faults() {
		r := newSubmitHouse(t)
		a := r.submission(nil)
		f.spoil(r, a)
		outcome, line := r.submit(a)
		if outcome.Reason != f.why || line.Reason != f.why.String() || (f.why == reason.IllegalField) != strings.Contains(line.Item, ".") {
			t.Errorf("%v: %v, line %+v", f.why, outcome.Reason, line)
		}
		if link := r.links.find(relayPeer.SessionID); link.pending != 0 {
			t.Errorf("%v: the place of the visit was not given back", f.why)
		}
		covered[f.why] = true
		i := slices.IndexFunc(submitChecks[:], func(c submitCheck) bool { return slices.Contains(c.reasons, f.why) })
		if i < 0 || submitChecks[i].number != f.number {
			t.Errorf("%v is not at %d in the order of checks", f.why, f.number)
		}
	}
	for _, c := range submitChecks[:len(submitChecks)-1] { // of the store's reasons TestMayStay… has the others
		for _, why := range c.reasons {
			if !covered[why] {
				t.Errorf("no fault leads to %v", why)
			}
		}
	}
}

// TestTheEarlierFaultWins: with two faults at once the earlier check answers.
func TestTheEarlierFaultWins(t *testing.T) {
	all := faults()
	order := func(why reason.Reason) int {
		return slices.IndexFunc(submitChecks[:], func(c submitCheck) bool { return slices.Contains(c.reasons, why) })
	}
	for _, first := range all {
		for _, second := range all {
			if order(first.why) >= order(second.why) {
				continue
			}
			r := newSubmitHouse(t)
			a := r.submission(nil)
			second.spoil(r, a)
			first.spoil(r, a)
			if outcome, _ := r.submit(a); outcome.Reason != first.why {
				t.Errorf("%v and %v: %v", first.why, second.why, outcome.Reason)
			}
		}
	}
}

// TestScopeIsNoOracle: an account that does not exist and one out of scope have the same answer, and the same is looked up.
func TestScopeIsNoOracle(t *testing.T) {
	r := newSubmitHouse(t)
	knows := r.known.(*knowing)
	unknown, _ := r.submit(r.submission(func(a *session.SubmitAttempt) { a.Request.UserID = []byte("8") }))
	disabled, _ := r.submit(r.submission(func(a *session.SubmitAttempt) { a.Request.UserID = []byte("98888888") }))
	r.grants.scope = nil
	r.change()
	out, _ := r.submit(r.submission(nil))
	both, _ := r.submit(r.submission(func(a *session.SubmitAttempt) { a.Request.UserID = []byte("8") }))
	if unknown.Reason.Code() != 9 || out.Reason.Code() != 9 || both.Reason != reason.OutOfScope || knows.asked != 4 {
		t.Errorf("%v, %v, %v, asked %d times", unknown.Reason, out.Reason, both.Reason, knows.asked)
	}
	texts := map[string]bool{}
	for _, why := range []reason.Reason{unknown.Reason, disabled.Reason, out.Reason} {
		texts[string(why.AppendText(nil, reason.Ref{}))] = true
	}
	if len(texts) != 1 {
		t.Errorf("%v", texts)
	}
}

// TestReplayedVisits: a ciphertext twice on one visit is not flagged, on two visits it is.
func TestReplayedVisits(t *testing.T) {
	r := newSubmitHouse(t)
	cipher := []byte(strings.Repeat("c", 256))
	same := func(a *session.SubmitAttempt) { a.Info.Ciphertext = cipher }
	for i, c := range []struct {
		change func(*session.SubmitAttempt)
		flag   regulation.AbnormalFlag
		again  bool
	}{
		{same, regulation.FlagNormal, false},
		{same, regulation.FlagNormal, true},
		{func(a *session.SubmitAttempt) { same(a); a.Visit.Told.PublicIP = []byte("::ffff:203.0.113.7") }, regulation.FlagNormal, true},
		{func(a *session.SubmitAttempt) { same(a); a.Request.UserID = []byte("66666666") }, regulation.FlagTerminalData, false},
		{func(a *session.SubmitAttempt) { same(a); a.Visit.Told.LoginTime = []byte("2026-01-05 11:44:59") }, regulation.FlagTerminalData, false},
	} {
		outcome, line := r.submit(r.submission(c.change))
		if outcome.Reason != reason.OK || outcome.Submitted.Flag != c.flag || line.ReReported != c.again {
			t.Errorf("%d: %v, %+v", i, outcome.Submitted, line)
		}
	}
	if s := r.SeenStats(); s.ReReported != 2 || s.Replayed != 2 {
		t.Errorf("%+v", s)
	}
	if rec := r.log.records[0]; rec.SeenVisit == (store.VisitHash{}) || rec.SeenVisit != r.log.records[1].SeenVisit {
		t.Error("the visit is not kept beside its ciphertext")
	}
	next := newSubmitHouse(t) // the front was restarted
	next.LoadSeen(20260105, r.log.records[0].Seen, r.log.records[0].SeenVisit)
	if outcome, line := next.submit(next.submission(same)); outcome.Submitted.Flag != regulation.FlagNormal || !line.ReReported {
		t.Errorf("after a restart: %+v", line)
	}
}

// TestResubmission: the same submission again has the same RecordID, on another connection too; the audit line says so.
func TestResubmission(t *testing.T) {
	r := newSubmitHouse(t)
	a := r.submission(nil)
	r.submit(a)
	a.Request.Attempt, a.LoggedIn = '1', noon.Add(-time.Minute)
	outcome, line := r.submit(a)
	if outcome.Reason != reason.OK || line.Reason != "resubmitted" || r.log.records[0].ID != r.log.records[1].ID {
		t.Errorf("%v %+v", outcome.Reason, line)
	}
	if n := r.Terminals(relayPeer.SessionID); n != 1 {
		t.Errorf("%d visits", n)
	}
}

// TestPanicInASubmission: what was reserved is given back, and the same submission is taken afterwards.
func TestPanicInASubmission(t *testing.T) {
	r := newSubmitHouse(t)
	a := r.submission(nil)
	r.log.fail = func() error { panic("a fault of ours") }
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not reach the driver of the dialogue, which answers for it")
			}
		}()
		r.Submit(t.Context(), relayPeer, a)
	}()
	r.log.fail = nil
	outcome, line := r.submit(a)
	if outcome.Reason != reason.OK || outcome.Submitted.Flag != regulation.FlagNormal || line.ReReported || r.links.find(relayPeer.SessionID).pending != 0 {
		t.Errorf("%v %+v", outcome, line)
	}
}

// TestOfflineOrders: an order by telephone has no address, if the firm allows it.
func TestOfflineOrders(t *testing.T) {
	r := newSubmitHouse(t)
	r.options(func(o *RelayOptions) { o.OfflineOrders = true })
	offline := func(a *session.SubmitAttempt) {
		a.Visit.Told.PublicIP, a.Visit.Told.PublicPort, a.Visit.Told.TerminalType = nil, 0, '6'
	}
	if outcome, _ := r.submit(r.submission(offline)); outcome.Reason != reason.OK {
		t.Fatal(outcome.Reason)
	}
	if sup := open(t, &r.log.records[0]); !sup.Offline || sup.Public.IsValid() || sup.Relay == nil {
		t.Errorf("%+v", sup)
	}
	for _, c := range []func(*session.SubmitAttempt){
		func(a *session.SubmitAttempt) { offline(a); a.Visit.Told.TerminalType = '5' },
		func(a *session.SubmitAttempt) { offline(a); a.Visit.Told.PublicPort = 1 },
	} {
		if outcome, _ := r.submit(r.submission(c)); outcome.Reason != reason.NoTerminalAddress {
			t.Error(outcome.Reason)
		}
	}
}

// TestAddressesInEveryForm: for each text of an address the report has one form.
func TestAddressesInEveryForm(t *testing.T) {
	for text, want := range map[string]string{
		"203.0.113.7": "203.0.113.7", "::ffff:203.0.113.7": "203.0.113.7", "::FFFF:cb00:7107": "203.0.113.7",
		"2001:db8::1": "2001:db8::1", "2001:0DB8:0000:0000:0000:0000:0000:0001": "2001:db8::1", "2001:db8::0.0.0.1": "2001:db8::1",
	} {
		r := newSubmitHouse(t)
		outcome, line := r.submit(r.submission(func(a *session.SubmitAttempt) { a.Visit.Told.PublicIP = []byte(text) }))
		if outcome.Reason != reason.OK || open(t, &r.log.records[0]).Public.Addr().String() != want || line.TerminalAddress != want {
			t.Errorf("%s: %v, %+v", text, outcome.Reason, line)
		}
	}
}

// TestAuditPolicyTakesAndCounts what is not listed, but no AppID of a relay.
func TestAuditPolicyTakesAndCounts(t *testing.T) {
	r := newSubmitHouse(t)
	r.grants.permissions[0].TerminalApps = relay.Audit
	r.change()
	for id, want := range map[string]reason.Reason{"client_new_1.0": reason.OK, "client_off_1.0": reason.OK, investorApp: reason.TerminalAppKind} {
		outcome, line := r.submit(r.submission(func(a *session.SubmitAttempt) { a.Visit.Told.AppID = []byte(id) }))
		if outcome.Reason != want || (want == reason.OK) != strings.HasPrefix(line.TerminalApp, "terminal_app_") {
			t.Errorf("%s: %v %+v", id, outcome.Reason, line)
		}
	}
}

// TestVisitsEnd: by TerminalEnd one, by the end of the session all, and one line tells how many.
func TestVisitsEnd(t *testing.T) {
	r := newSubmitHouse(t)
	r.loginAt(operatorAttempt(operator))
	var ids []string
	for range 5 {
		a := r.submission(nil)
		r.submit(a)
		ids = append(ids, string(a.Request.SubmitID))
	}
	for _, surplus := range []bool{false, true} { // the second time it is not known, and done
		if outcome := r.EndTerminal(relayPeer, []byte(operator), []byte(ids[0])); outcome.Reason != reason.OK || outcome.Surplus != surplus {
			t.Errorf("%v, surplus %v, want %v", outcome.Reason, outcome.Surplus, surplus)
		}
	}
	if outcome := r.EndTerminal(relayPeer, []byte(operator), []byte("x")); outcome.Reason != reason.SubmitID {
		t.Error(outcome.Reason)
	}
	r.Ended(relayPeer, []byte(operator), reason.RelayRefusals)
	r.Disconnected(relayPeer)
	line := r.audit.entries[len(r.audit.entries)-1]
	if line.Event != logs.EventRelayEnded || line.Visits != 4 || line.Closing != "relay_refusals" ||
		line.Operator != operator || line.RelayAppID != operatorApp {
		t.Errorf("%+v", line)
	}
	if r.table.Find([]byte(operatorApp)).Connected() != 0 {
		t.Error("the connection is still counted")
	}
	if outcome, _ := r.submit(r.submission(nil)); outcome.Reason != reason.OK {
		t.Errorf("one that was on its way: %v", outcome.Reason)
	}
}

// TestDisabledRelay: disabling its AppID refuses the next submission.
func TestDisabledRelay(t *testing.T) {
	r := newSubmitHouse(t)
	r.registry.disabled[operatorApp] = true
	if outcome, _ := r.submit(r.submission(nil)); outcome.Reason != reason.RelayDisabled || outcome.Reason.Code() != 63 {
		t.Error(outcome.Reason)
	}
}

// TestVisitsAreSmall: some 100 bytes each, so that 50,000 behind one connection are a few MB.
func TestVisitsAreSmall(t *testing.T) {
	testmain.NotRaced(t)
	const visits = 50_000
	link := &relayLink{}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range visits {
		id := relay.SubmitID{byte(i), byte(i >> 8), byte(i >> 16)}
		v := liveVisit{regulation.Account(fmt.Sprint(10_000_000 + i)), uuid.UUID(id)}
		link.reserve(id, v.record, 0)
		link.begin(id, v)
	}
	runtime.ReadMemStats(&after)
	bytes := (after.TotalAlloc - before.TotalAlloc) / visits
	if bytes > 200 || link.live != visits {
		t.Errorf("%d bytes a visit with what growing costs, %d visits", bytes, link.live)
	}
	t.Logf("%d bytes allocated for each visit", bytes)
}

// withCertificate is a relay that came with certificate n.
func withCertificate(n byte) session.Peer {
	peer := relayPeer
	peer.Certificate = &[32]byte{n}
	return peer
}

// nameCertificate says by which certificates the operator's relay may come.
func (r *relayHouse) nameCertificate(numbers ...byte) {
	for _, n := range numbers {
		digest := [32]byte{n}
		p := &r.grants.permissions[0]
		p.ClientCerts = append(p.ClientCerts, relay.CertDigest(hex.EncodeToString(digest[:])))
	}
	r.change()
}

// TestRelayKinds: who may come where.
func TestRelayKinds(t *testing.T) {
	elsewhere := relayPeer
	elsewhere.Addr = netip.MustParseAddrPort("10.2.0.1:1")
	noListener := relayPeer
	noListener.Relays = false
	atRelays := home
	atRelays.Relays = true
	for _, c := range []struct {
		name   string
		peer   session.Peer
		id     string
		change func(*relayHouse)
		want   reason.Reason
	}{
		{"terminal", home, appID, nil, reason.OK},
		{"operator relay", relayPeer, operatorApp, nil, reason.OK},
		{"many-to-many relay", relayPeer, investorApp, nil, reason.OK},
		{"terminal at a relays' listener", atRelays, appID, nil, reason.WrongKind},
		{"relay at a terminals' listener", noListener, operatorApp, nil, reason.WrongKind},
		{"relays are not enabled", relayPeer, operatorApp, func(r *relayHouse) { r.options(func(o *RelayOptions) { o.Enabled = false }) }, reason.WrongKind},
		{"another network", elsewhere, operatorApp, nil, reason.RelayNetwork},
		{"no certificate, where one is named", relayPeer, operatorApp, func(r *relayHouse) { r.nameCertificate(1) }, reason.RelayCertificate},
		{"another certificate", withCertificate(2), operatorApp, func(r *relayHouse) { r.nameCertificate(1) }, reason.RelayCertificate},
		{"the certificate", withCertificate(1), operatorApp, func(r *relayHouse) { r.nameCertificate(1) }, reason.OK},
		{"the next certificate", withCertificate(2), operatorApp, func(r *relayHouse) { r.nameCertificate(1, 2) }, reason.OK},
		{"a certificate that none was asked for", withCertificate(1), operatorApp, nil, reason.OK},
		{"the certificate from another network", session.Peer{SessionID: 1, Addr: elsewhere.Addr, Relays: true, Certificate: withCertificate(1).Certificate}, operatorApp, func(r *relayHouse) { r.nameCertificate(1) }, reason.RelayNetwork},
		{"nothing was granted", relayPeer, operatorApp, func(r *relayHouse) { r.grants.permissions = nil; r.change() }, reason.RelayDisabled},
		{"too many connections", relayPeer, operatorApp, func(r *relayHouse) {
			for i := range int32(2) {
				other := relayPeer
				other.SessionID = 100 + i
				r.verifyAt(other, operatorApp)
			}
		}, reason.RelayConnections},
		{"wrong answer", relayPeer, operatorApp, func(r *relayHouse) { r.registry.verdict = auth.WrongAnswer }, reason.WrongAnswer},
	} {
		r := newRelayHouse(t, nil)
		if c.change != nil {
			c.change(r)
		}
		before := r.table.Find([]byte(operatorApp))
		outcome := r.verifyAt(c.peer, c.id)
		if outcome.Reason != c.want || (outcome.AppType != 0) != (c.want == reason.OK) {
			t.Errorf("%s: %v", c.name, outcome.Reason)
		}
		if before != nil && c.want != reason.RelayConnections && c.id == operatorApp {
			if n := before.Connected(); (n == 1) != (c.want == reason.OK) {
				t.Errorf("%s: %d connections are counted", c.name, n)
			}
		}
	}
}

// TestTermsOfTheLongestAge: RelayTerms has six digits for it.
func TestTermsOfTheLongestAge(t *testing.T) {
	o := RelayOptions{MaxTerminalAge: 400 * time.Hour}
	if terms := o.terms(&relay.Relay{}); terms.MaxTerminalAge != 999_999 {
		t.Errorf("%d s, want 999999", terms.MaxTerminalAge)
	}
}

// TestSubmittedIsCountedApart: each recorded login is either a login request that was accepted or a submission, so that a
// reader of both numbers can add them up.
func TestSubmittedIsCountedApart(t *testing.T) {
	r := newRelayHouse(t, nil)
	r.loginAt(attempt())
	r.loginAt(relayedAttempt())
	a := r.submission(nil)
	r.submit(a)
	again := *a
	again.Request.Attempt = ftd.AttemptAgain
	r.Submit(t.Context(), relayPeer, &again)
	r.submit(r.submission(func(a *session.SubmitAttempt) { a.Request.SubmitID = []byte("no such") }))

	c, recorded := r.counts, 0
	for _, n := range c.flagged {
		recorded += n
	}
	if c.loggedIn["ok"] != 2 || c.submitted["true"] != 2 || recorded != 4 || c.submitted["false"] != c.loggedIn["ok"] {
		t.Errorf("%v logins, %v submitted, %v recorded", c.loggedIn, c.submitted, c.flagged)
	}
}
