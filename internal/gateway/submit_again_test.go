package gateway

import (
	"bytes"
	"context"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
)

// keyFile is a master key, another each time.
func keyFile(t *testing.T) *auth.MasterKey {
	t.Helper()
	path := filepath.Join(t.TempDir(), "master.key")
	if err := auth.CreateMasterKey(path); err != nil {
		t.Fatal(err)
	}
	key, err := auth.LoadMasterKey(path)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// earlierOf is what a store has of a record.
func earlierOf(rec *store.Record) *store.Earlier {
	return &store.Earlier{
		KeyVersion: rec.KeyVersion, Flag: rec.Flag, LoginTime: rec.LoginTime, RelayLoginTime: rec.RelayLoginTime,
		RelaySealed: rec.RelaySealed, FrontID: rec.FrontID, SessionID: rec.SessionID,
	}
}

// TestSentAgainIsToldAsRecorded: flag, key version, relay login time and address are those of the first recording, wherever
// the relay is by now, and also at a front that has never heard of it. Where the address does not open it is empty, and nothing
// else changes.
func TestSentAgainIsToldAsRecorded(t *testing.T) {
	elsewhere := session.Peer{SessionID: 12, Addr: netip.MustParseAddrPort("10.1.2.4:50999"), Relays: true}
	backAtOnce := session.Peer{SessionID: relayPeer.SessionID, Addr: elsewhere.Addr, Relays: true}
	loggedIn := noon.Add(-time.Hour).Truncate(time.Second)
	master := keyFile(t)
	for name, c := range map[string]struct {
		from   session.Peer
		change func(*store.Earlier)
		key    AddressSealer // of the front that it is sent to again
		addr   netip.AddrPort
	}{
		"the same connection":               {from: relayPeer, key: master, addr: relayPeer.Addr},
		"the same connection, without key":  {from: relayPeer, addr: relayPeer.Addr},
		"another connection":                {from: elsewhere, key: master, addr: relayPeer.Addr},
		"another front":                     {from: elsewhere, key: master, change: func(e *store.Earlier) { e.FrontID = 2 }, addr: relayPeer.Addr},
		"another front, the same SessionID": {from: relayPeer, key: master, change: func(e *store.Earlier) { e.FrontID = 2 }, addr: relayPeer.Addr},
		"an earlier life of the front":      {from: elsewhere, key: master, change: func(e *store.Earlier) { e.SessionID = 77 }, addr: relayPeer.Addr},
		"an earlier life, in this second":   {from: backAtOnce, key: master, addr: relayPeer.Addr}, // relayPeer's SessionID and relay login time
		"the same connection, another key":  {from: relayPeer, key: keyFile(t), addr: relayPeer.Addr},
		"another master key":                {from: elsewhere, key: keyFile(t)},
		"a front without a key":             {from: elsewhere},
		"a record of an older binary":       {from: elsewhere, key: master, change: func(e *store.Earlier) { e.RelaySealed = nil }},
		"an address that was altered":       {from: elsewhere, key: master, change: func(e *store.Earlier) { e.RelaySealed[20] ^= 1 }},
	} {
		r := newRelayHouse(t, func(s *setup, _ *grants) { s.Addresses = master })
		a := r.submission(nil)
		first, _ := r.submit(a)
		r.log.earlier = earlierOf(&r.log.records[0])
		r.log.earlier.KeyVersion, r.log.earlier.Flag, r.log.earlier.RelayLoginTime = "0.9", '2', loggedIn
		if c.change != nil {
			c.change(r.log.earlier)
		}
		r.SetAddressSealer(c.key)
		again := *a
		again.Request.Attempt, again.LoggedIn = ftd.AttemptAgain, loggedIn
		if c.from == elsewhere {
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

// TestOnlySubmissionsHaveAnAddress: nothing is sealed for a login, through a relay or not, and the column shows nothing.
func TestOnlySubmissionsHaveAnAddress(t *testing.T) {
	r := newRelayHouse(t, func(s *setup, _ *grants) { s.Addresses = keyFile(t) })
	for what, a := range map[string]session.LoginAttempt{
		"a direct login": attempt(), "a relayed one": relayedAttempt(), "an operator's own": operatorAttempt(operator),
	} {
		if outcome, line := r.loginAt(a); outcome.Reason != reason.OK {
			t.Fatalf("%s: %+v", what, line)
		}
		if rec := r.log.records[len(r.log.records)-1]; rec.RelaySealed != nil {
			t.Errorf("%s: %x", what, rec.RelaySealed)
		}
	}
	r.submit(r.submission(nil))
	rec := r.log.records[len(r.log.records)-1]
	if len(rec.RelaySealed) < 18 || bytes.Contains(rec.RelaySealed, relayPeer.Addr.Addr().AsSlice()) || bytes.Contains(rec.RelaySealed, []byte("10.1")) {
		t.Errorf("a submission: %x", rec.RelaySealed)
	}
}

// TestSaidToComeAgainAndNew: the first time of a submission was lost on its way, and the front hears of it as of one that is sent
// again. What PostgreSQL has of it is then this very record: later times are told where it was.
func TestSaidToComeAgainAndNew(t *testing.T) {
	elsewhere := session.Peer{SessionID: 12, Addr: netip.MustParseAddrPort("10.1.2.4:50999"), Relays: true}
	r := newRelayHouse(t, func(s *setup, _ *grants) { s.Addresses = keyFile(t) })
	a := r.submission(nil)
	a.Request.Attempt, a.LoggedIn = ftd.AttemptAgain, noon.Add(-time.Hour).Truncate(time.Second)
	r.log.found = earlierOf // of the first
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
