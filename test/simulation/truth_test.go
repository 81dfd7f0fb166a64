package simulation

import (
	"bytes"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// made notes that the gateway made a record, before it is stored, and finds the attempt
// that it is of. There is one record an attempt at most, and none of a wrong one.
func (w *world) made(rec *store.Record) {
	c := w.wires[wireKey{rec.FrontID, rec.SessionID}]
	if rec.ID.Version() == 8 {
		w.madeSubmission(rec)
		return
	}
	if c == nil {
		w.violate("a record of a connection %d.%d that never was", rec.FrontID, rec.SessionID)
		return
	}
	a := c.attemptOf(rec)
	if a == nil {
		w.violate("%v: a record that is of no attempt, or the second of one", c)
		return
	}
	if !a.right || !c.honest {
		w.violate("%v: %v is recorded and should have been refused", c, a)
	}
	a.made = rec.ID
	w.byID[rec.ID] = a
}

// attemptOf is the attempt on c of which rec may be. Of several with one ciphertext it is one
// that may be recorded.
func (c *wire) attemptOf(rec *store.Record) (found *attempt) {
	for _, a := range c.attempts {
		if a.delivered && a.made == uuid.Nil && bytes.Equal(a.ciphertext, rec.Terminal) && (found == nil || !found.right) {
			found = a
		}
	}
	return found
}

// nameOf is a record's attempt: RecordIDs differ from run to run.
func (w *world) nameOf(id uuid.UUID) string {
	if a := w.byID[id]; a != nil {
		return fmt.Sprintf("%v on %v", a, a.wire)
	}
	if s := w.relays.submitted[id]; s != nil {
		return s.String()
	}
	return "record " + id.String()
}

// answer notes a success that left the front.
func (w *world) answer(c *wire, id uuid.UUID, r *ftd.LoginResponse) {
	if w.answered[id] != nil {
		w.violate("RecordID of %v is answered twice", w.nameOf(id))
		return
	}
	kept := *r
	for _, b := range []*[]byte{
		&kept.BrokerID, &kept.UserID, &kept.TradingDay, &kept.LoginTime, &kept.PublicIP, &kept.RecordID, &kept.SystemName,
	} {
		*b = bytes.Clone(*b)
	}
	w.answered[id] = &answer{wire: c, response: kept}
	w.order = append(w.order, id)
}

// prove opens a record and compares it with what its terminal really was. A record that
// was proven must stay as it is.
func (w *world) prove(rec *store.Record) {
	if rec.ID.Version() == 8 {
		w.proveSubmission(rec)
		return
	}
	if old, ok := w.proven[rec.ID]; ok {
		if !same(&old, rec) {
			w.violate("%v has changed", w.nameOf(rec.ID))
		}
		return
	}
	a := w.byID[rec.ID]
	if a == nil {
		w.violate("record %v was never made", rec.ID)
		return
	}
	if err := w.compare(rec, a); err != nil {
		w.violate("%v: %v", w.nameOf(rec.ID), err)
	}
	w.proven[rec.ID] = clone(rec)
}

func (w *world) compare(rec *store.Record, a *attempt) error {
	sup, err := w.open(rec)
	if err != nil {
		return err
	}
	if a.via != nil {
		if err := a.compareRelay(&sup, rec); err != nil {
			return err
		}
		sup.Relay, sup.LoginTime = nil, rec.LoginTime
	}
	from := a.terminalAddr()
	switch {
	case sup.Public != from:
		return fmt.Errorf("supplement says it came from %v, it came from %v", sup.Public, from)
	case string(sup.AppID) != a.app || string(rec.AppID) != a.app:
		return fmt.Errorf("AppID %s and %s, it was %s", sup.AppID, rec.AppID, a.app)
	case string(sup.Account) != a.account || string(rec.Account) != a.account:
		return fmt.Errorf("account %s and %s, it was %s", sup.Account, rec.Account, a.account)
	case sup.UserType != accounts[a.account] || rec.UserType != accounts[a.account]:
		return fmt.Errorf("user type %c and %c, it is %c", sup.UserType, rec.UserType, accounts[a.account])
	case !bytes.Equal(rec.Terminal, a.ciphertext):
		return fmt.Errorf("the terminal's ciphertext is another")
	case sup.Relay != nil || sup.Flag != rec.Flag || !sup.LoginTime.Equal(rec.LoginTime) || rec.VendorID != "TF01":
		return fmt.Errorf("supplement %+v does not fit the record %+v", sup, rec)
	}
	return w.compareInstant(rec, &a.terminalInfo, a.from)
}

// compareInstant looks for the one instant, among those that the gateway's clock returned since
// the login arrived, to which printed time, trading day, key and flag all belong.
func (w *world) compareInstant(rec *store.Record, a *terminalInfo, from int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.readings[from:] {
		day, provisional := r.policy.Calendar.TradingDayOf(r.at)
		if r.at.Truncate(time.Second).Equal(rec.LoginTime) && day == rec.TradingDay && provisional == rec.Provisional &&
			w.mayFlag(a, r, rec.Flag) && w.keyAt(a, r) == rec.KeyVersion {
			return nil
		}
	}
	return fmt.Errorf("time %v, day %v, flag %c and key %s do not belong to any instant of this login",
		rec.LoginTime, rec.TradingDay, rec.Flag, rec.KeyVersion)
}

// mayFlag allows what came twice to be flagged as a replay; checkReplays has when it must.
func (w *world) mayFlag(a *terminalInfo, r reading, flag regulation.AbnormalFlag) bool {
	is := w.flagAt(a, r)
	return flag == is || a.again && is == '0' && flag == '3'
}

// flagAt and keyAt are 4.2.3 c in words of the simulation's own.
func (w *world) flagAt(a *terminalInfo, r reading) regulation.AbnormalFlag {
	key, _ := r.policy.Keys.Select([]byte(a.version), r.at)
	switch {
	case len(a.ciphertext) == 0:
		return '1'
	case key == nil:
		return '2'
	case len(a.ciphertext) != 256 || a.flag < '0' || a.flag > '3':
		return '3'
	}
	return regulation.AbnormalFlag(a.flag)
}

func (w *world) keyAt(a *terminalInfo, r reading) string {
	if key, _ := r.policy.Keys.Select([]byte(a.version), r.at); key != nil {
		return a.version
	}
	if key := r.policy.Keys.Newest(r.at); key != nil {
		return key.Version
	}
	return ""
}

// checkResponse: the terminal was shown exactly what was recorded.
func (w *world) checkResponse(id uuid.UUID, rec *store.Record) {
	c, r := w.answered[id].wire, w.answered[id].response
	if w.byID[id] == nil || w.byID[id].wire != c {
		w.violate("%v was answered on %v", w.nameOf(id), c)
		return
	}
	a := w.byID[id]
	from, shown := a.terminalAddr(), printed(rec.LoginTime)
	if a.via != nil {
		shown = a.via.login
	}
	told := fmt.Sprint(string(r.UserID), r.UserType, string(r.TradingDay), string(r.LoginTime), string(r.PublicIP), r.PublicPort,
		r.AbnormalFlag, r.FrontID, r.SessionID, string(r.BrokerID))
	recorded := fmt.Sprint(string(rec.Account), byte(rec.UserType), rec.TradingDay.String(),
		shown, string(regulation.AppendAddr(nil, from.Addr())),
		int(from.Port()), byte(rec.Flag), rec.FrontID, rec.SessionID, broker)
	if told != recorded {
		w.violate("%v was told    %s, recorded is %s", w.nameOf(id), told, recorded)
	}
}
