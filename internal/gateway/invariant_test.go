package gateway

import (
	"context"
	"crypto/rsa"
	"fmt"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/supplement"
)

// login sends one login through the gateway and holds the outcome to everything that
// must be so of every login, won or lost. It returns the audit line with the outcome.
func (h *house) login(peer session.Peer, a session.LoginAttempt) (session.Outcome, logs.Entry) {
	h.t.Helper()
	lines, records, online := len(h.audit.entries), len(h.log.records), h.Online()
	h.log.seen = func() {
		if len(h.audit.entries) != lines {
			h.t.Error("the audit log tells of a login before it is durable")
		}
	}
	before := a.Clone()
	outcome := h.Login(context.Background(), peer, &a)

	if strings.Trim(string(a.Password), "\x00") != "" {
		h.t.Errorf("password not zeroed: %q", a.Password)
	}
	if n := len(h.audit.entries) - lines; n != 1 {
		h.t.Fatalf("%d audit lines for one decision", n)
	}
	line := h.audit.entries[lines]
	h.checkLine(line, outcome, peer, before)
	h.checkNoSecret(line)
	if h.counts.loggedIn[outcome.Reason.String()] == 0 || h.counts.stages[StageTotal] == 0 {
		h.t.Errorf("not counted: %v, %v", h.counts.loggedIn, h.counts.stages)
	}
	stored := len(h.log.records) - records
	if outcome.Reason != reason.OK {
		if outcome.Receipt != nil || stored != 0 || h.Online() != online {
			h.t.Errorf("refused with %v, but: response %v, %d records, %d more online",
				outcome.Reason, outcome.Receipt, stored, h.Online()-online)
		}
		return outcome, line
	}
	if stored != 1 || h.Online() != online+1 {
		h.t.Fatalf("accepted, but: %d records, %d more online", stored, h.Online()-online)
	}
	h.checkAccepted(&h.log.records[records], outcome, line, peer, before)
	return outcome, line
}

// checkLine: the true reason, and the reference that the terminal got.
func (h *house) checkLine(line logs.Entry, outcome session.Outcome, peer session.Peer, a *session.LoginAttempt) {
	h.t.Helper()
	ref := string(outcome.Ref[:])
	if outcome.Reason == reason.OK {
		if outcome.Ref != (reason.Ref{}) {
			h.t.Errorf("a success has the reference %q", ref)
		}
		ref = ""
	} else {
		checkLetters(h.t, outcome.Ref)
	}
	if line.Event != logs.EventLogin || line.Reason != outcome.Reason.String() || line.Code != outcome.Reason.Code() || line.Ref != ref {
		h.t.Errorf("audit line %+v does not fit the outcome %v, %q", line, outcome.Reason, ref)
	}
	if line.AppID != string(a.AppID) || line.Account != string(a.UserID) || line.FrontID != 3 || line.SessionID != peer.SessionID {
		h.t.Errorf("audit line is not about this login: %+v", line)
	}
	if line.Address != peer.Addr.Addr() || line.Port != peer.Addr.Port() || line.Time.IsZero() {
		h.t.Errorf("audit line has not when and where from: %+v", line)
	}
}

func (h *house) checkNoSecret(line logs.Entry) {
	h.t.Helper()
	for where, text := range map[string]string{"audit log": fmt.Sprintf("%+v", line), "application log": h.appLog.String()} {
		if strings.Contains(text, password) {
			h.t.Errorf("the password is in the %s: %s", where, text)
		}
	}
}

// checkAccepted: record = response = decrypted supplement = what the terminal was.
func (h *house) checkAccepted(rec *store.Record, outcome session.Outcome, line logs.Entry, peer session.Peer, a *session.LoginAttempt) {
	h.t.Helper()
	sup := open(h.t, rec)
	if sup.Public != peer.Addr || string(sup.AppID) != string(a.AppID) || string(sup.Account) != string(a.UserID) || sup.Relay != nil {
		h.t.Errorf("the supplement says %+v, the terminal was %v, %s, %s", sup, peer.Addr, a.AppID, a.UserID)
	}
	if rec.AppID != sup.AppID || rec.Account != sup.Account || rec.UserType != sup.UserType ||
		rec.Flag != sup.Flag || !rec.LoginTime.Equal(sup.LoginTime) {
		h.t.Errorf("record %+v, but supplement %+v", rec, sup)
	}
	if string(rec.Terminal) != string(a.Terminal.Ciphertext) {
		h.t.Errorf("terminal ciphertext of %d bytes recorded as %d others", len(a.Terminal.Ciphertext), len(rec.Terminal))
	}
	if day, _ := h.Policy().Calendar.TradingDayOf(rec.LoginTime); rec.TradingDay != day {
		h.t.Errorf("login at %v recorded for %v, belongs to %v", rec.LoginTime, rec.TradingDay, day)
	}
	if rec.VendorID != "TF01" || rec.FrontID != 3 || rec.SessionID != peer.SessionID || rec.ID.Version() != 7 {
		h.t.Errorf("record %+v", rec)
	}
	recorded := session.Receipt{
		RecordID: rec.ID, Account: rec.Account, UserType: rec.UserType, TradingDay: rec.TradingDay,
		LoginTime: outcome.Receipt.LoginTime, Public: sup.Public, Flag: rec.Flag,
		FrontID: rec.FrontID, SessionID: rec.SessionID, SystemName: "测试前置",
		LastLogin: outcome.Receipt.LastLogin, LastIP: outcome.Receipt.LastIP, // of the login before
	}
	if told := *outcome.Receipt; told != recorded || !told.LoginTime.Equal(sup.LoginTime) {
		h.t.Errorf("told     %+v\nrecorded %+v", told, recorded)
	}
	if line.RecordID != rec.ID || line.TradingDay != rec.TradingDay || line.Flag != rec.Flag ||
		line.KeyVersion != rec.KeyVersion || line.UserType != rec.UserType {
		h.t.Errorf("audit line %+v, record %+v", line, rec)
	}
	for _, stage := range []string{StageQueue, StageVerify, StageEncrypt, StageStore, StageTotal} {
		if h.counts.stages[stage] == 0 {
			h.t.Errorf("the time of stage %s was not taken", stage)
		}
	}
	if h.counts.flagged[rec.Flag.Word()] == 0 {
		h.t.Errorf("flag %v not counted", rec.Flag)
	}
}

// open decrypts a record's supplement with the key of the version that the record names.
func open(t *testing.T, rec *store.Record) supplement.Supplement {
	t.Helper()
	text, err := rsa.DecryptPKCS1v15(nil, privateKeys()[rec.KeyVersion], rec.Supplement)
	if err != nil {
		t.Fatalf("key %s does not open the supplement", rec.KeyVersion)
	}
	sup, err := supplement.Parse(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return sup
}

func checkLetters(t *testing.T, ref reason.Ref) {
	t.Helper()
	if strings.Trim(string(ref[:]), refLetters) != "" {
		t.Errorf("reference %q", ref)
	}
}
