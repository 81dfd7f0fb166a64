package gateway

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
)

// TestSentAgainIsToldAsRecorded: flag, key version, relay login time and address are those of the first recording, wherever
// the relay is by now.
func TestSentAgainIsToldAsRecorded(t *testing.T) {
	elsewhere := session.Peer{SessionID: 12, Addr: netip.MustParseAddrPort("10.1.2.4:50999"), Relays: true}
	loggedIn := noon.Add(-time.Hour).Truncate(time.Second)
	for name, c := range map[string]struct {
		from   session.Peer
		change func(*store.Earlier)
		forget bool
		addr   netip.AddrPort
	}{
		"the same connection":                 {from: relayPeer, addr: relayPeer.Addr},
		"the same connection, not remembered": {from: relayPeer, forget: true, addr: relayPeer.Addr},
		"another connection":                  {from: elsewhere, addr: relayPeer.Addr},
		"another connection, after a restart": {from: elsewhere, forget: true},
		"another front":                       {from: elsewhere, change: func(e *store.Earlier) { e.FrontID = 2 }},
		"another front, the same SessionID":   {from: relayPeer, change: func(e *store.Earlier) { e.FrontID = 2 }},
		"an earlier life of the front": {
			from: elsewhere, change: func(e *store.Earlier) { e.SessionID = 77 },
		},
	} {
		r := newRelayHouse(t, nil)
		a := r.submission(nil)
		first, _ := r.submit(a)
		rec := r.log.records[0]
		r.log.earlier = &store.Earlier{
			KeyVersion: "0.9", Flag: '2', LoginTime: rec.LoginTime, RelayLoginTime: loggedIn, FrontID: rec.FrontID, SessionID: rec.SessionID,
		}
		if c.change != nil {
			c.change(r.log.earlier)
		}
		if c.forget {
			r.sentFrom = submitOrigins{}
		}
		again := *a
		again.Request.Attempt, again.LoggedIn = ftd.AttemptAgain, loggedIn
		if c.from != relayPeer {
			again.LoggedIn = noon
		}
		outcome := r.Submit(context.Background(), c.from, &again)
		if outcome.Reason != reason.OK {
			t.Fatalf("%s: %v", name, outcome.Reason)
		}
		told, line := outcome.Submitted, r.audit.entries[len(r.audit.entries)-1]
		want := session.Via{AppID: operatorApp, Addr: c.addr, LoginTime: loggedIn}
		if told.Via.AppID != want.AppID || told.Via.Addr != want.Addr || !told.Via.LoginTime.Equal(want.LoginTime) {
			t.Errorf("%s: told %+v, want %+v", name, told.Via, want)
		}
		if told.Flag != '2' || told.RecordID != first.Submitted.RecordID || line.Flag != '2' || line.KeyVersion != "0.9" || line.Reason != "resubmitted" {
			t.Errorf("%s: told %+v, line %+v", name, told, line)
		}
	}
}

// TestWhereSubmissionsCameFrom: the last are remembered, and their number is bounded.
func TestWhereSubmissionsCameFrom(t *testing.T) {
	var o submitOrigins
	id := func(n int) (rec store.Record) {
		rec.ID[0], rec.ID[1], rec.ID[2], rec.SessionID = byte(n>>16), byte(n>>8), byte(n), 5
		return rec
	}
	const n = 3*mostSubmitOrigins + 10
	for i := range n {
		rec := id(i)
		o.note(&rec, netip.AddrPortFrom(home.Addr.Addr(), uint16(i)))
	}
	if len(o.young)+len(o.former) > 2*mostSubmitOrigins {
		t.Errorf("%d and %d are remembered", len(o.young), len(o.former))
	}
	if got := o.of(id(n-mostSubmitOrigins).ID, 5); got.Port() != uint16((n-mostSubmitOrigins)%65536) {
		t.Errorf("one of the last: %v", got)
	}
	if got := o.of(id(0).ID, 5); got.IsValid() {
		t.Errorf("the first: %v", got)
	}
	if got := o.of(id(n-1).ID, 6); got.IsValid() {
		t.Errorf("of another session: %v", got)
	}
}

// TestSaidToComeAgainAndNew: the first time of a submission was lost on its way, and the front hears of it as of one that is sent
// again. What PostgreSQL has of it is then this very record: where the relay was is remembered as for any other.
func TestSaidToComeAgainAndNew(t *testing.T) {
	elsewhere := session.Peer{SessionID: 12, Addr: netip.MustParseAddrPort("10.1.2.4:50999"), Relays: true}
	r := newRelayHouse(t, nil)
	a := r.submission(nil)
	a.Request.Attempt, a.LoggedIn = ftd.AttemptAgain, noon.Add(-time.Hour).Truncate(time.Second)
	r.log.earlier = &store.Earlier{
		KeyVersion: "1.0", Flag: '0', LoginTime: noon, RelayLoginTime: a.LoggedIn, FrontID: r.opt.Firm.FrontID, SessionID: relayPeer.SessionID,
	}
	later := *a
	later.LoggedIn = noon
	for _, c := range []struct {
		from session.Peer
		a    *session.SubmitAttempt
	}{{relayPeer, a}, {elsewhere, &later}} {
		if outcome := r.Submit(context.Background(), c.from, c.a); outcome.Submitted == nil || outcome.Submitted.Via.Addr != relayPeer.Addr {
			t.Errorf("from session %d: %+v", c.from.SessionID, outcome.Submitted)
		}
	}
}
