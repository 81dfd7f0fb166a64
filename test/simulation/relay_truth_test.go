package simulation

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/supplement"
)

// submitAnswer is a submission that was answered with 0.
type submitAnswer struct {
	wire       *wire
	submission *submission
	account    string
	day        string
	userType   byte
	flag       byte
	relay      string // address and port; empty if it says none
	relayLogin string
}

// madeSubmission notes that the gateway made a record of a submission, before it is stored: under the RecordID that the
// test computed, and of nothing that must be refused.
func (w *world) madeSubmission(rec *store.Record) {
	c, s := w.wires[wireKey{rec.FrontID, rec.SessionID}], w.relays.submitted[rec.ID]
	if c == nil || s == nil {
		w.violate("a record of a submission that was not sent, with RecordID %v", rec.ID)
		return
	}
	one := c.sendingOf(s)
	c.mu.Lock()
	c.flags[s] = append(c.flags[s], byte(rec.Flag))
	c.mu.Unlock()
	switch {
	case one == nil:
		w.violate("%v: a record of %v, which did not arrive on it", c, s)
	case s.code != 0 || !c.honest || c.operatorLogin == "":
		w.violate("%v: %v is recorded and should have been refused with %d", c, s, s.code)
	case !slices.ContainsFunc(w.readingsSince(one.from), func(r reading) bool { return !s.outOfTime(r.at) }):
		w.violate("%v: %v is recorded, and its times are wrong", c, s)
	case !slices.ContainsFunc(w.relays.permissions[one.permission:], func(p permission) bool { return p.inScope(s.account) }):
		w.violate("%v: %v is recorded, and is out of scope", c, s)
	}
}

func (w *world) readingsSince(from int) []reading {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.readings[from:])
}

// outOfTime is rows 9 and 11 of the order in which a front looks.
func (s *submission) outOfTime(now time.Time) bool {
	return s.drawn.Before(now.Add(-15*time.Minute)) || s.drawn.After(now.Add(time.Minute)) || s.told.outOfTime(now)
}

func (t *told) outOfTime(now time.Time) bool {
	at := t.at()
	return at.After(now.Add(time.Minute)) || at.Before(now.Add(-time.Hour))
}

// proveSubmission opens a row and compares it with what its relay sent, and with the connection on which it was recorded first.
func (w *world) proveSubmission(rec *store.Record) {
	name := string(rec.ID[:]) + string(rec.Supplement)
	if old, known := w.relays.proven[name]; known {
		if !same(&old, rec) {
			w.violate("%v has changed", w.nameOf(rec.ID))
		}
		return
	}
	s := w.relays.submitted[rec.ID]
	if s == nil {
		w.violate("a record of a submission that was not sent, with RecordID %v", rec.ID)
		return
	}
	if err := w.compareSubmission(rec, s); err != nil {
		w.violate("%v: %v", s, err)
	}
	w.relays.proven[name] = clone(rec)
}

func (w *world) compareSubmission(rec *store.Record, s *submission) error {
	c := w.wires[wireKey{rec.FrontID, rec.SessionID}]
	if c == nil || c.sendingOf(s) == nil {
		return fmt.Errorf("it did not arrive on the connection %d.%d", rec.FrontID, rec.SessionID)
	}
	sup, err := w.open(rec)
	if err != nil {
		return err
	}
	switch relay := sup.Relay; {
	case sup.Public != s.told.addr() || !sup.LoginTime.Equal(s.told.at()) || !rec.VisitTime.Equal(s.told.at()):
		return fmt.Errorf("it says %v since %v and %v, the relay said %+v", sup.Public, sup.LoginTime, rec.VisitTime, s.told)
	case string(sup.AppID) != s.told.app || string(rec.AppID) != s.told.app:
		return fmt.Errorf("AppID %s and %s, it was %s", sup.AppID, rec.AppID, s.told.app)
	case string(sup.Account) != s.account || string(rec.Account) != s.account:
		return fmt.Errorf("account %s and %s, it was %s", sup.Account, rec.Account, s.account)
	case sup.UserType != '2' || rec.UserType != '2' || rec.RelayMode != '3':
		return fmt.Errorf("user type %c and %c, mode %c", sup.UserType, rec.UserType, rec.RelayMode)
	case !bytes.Equal(rec.Terminal, s.ciphertext) || sup.Flag != rec.Flag || rec.VendorID != "TF01":
		return fmt.Errorf("supplement %+v does not fit the record %+v", sup, rec)
	case relay == nil:
		return fmt.Errorf("items 6 to 9 are missing")
	case relay.AppID != operatorApp || rec.RelayAppID != operatorApp || relay.Addr != c.peer.Addr || printed(relay.LoginTime) != c.operatorLogin ||
		!rec.RelayLoginTime.Equal(relay.LoginTime):
		return fmt.Errorf("items 6 to 9 are %+v; the relay came from %v and logged in at %s", relay, c.peer.Addr, c.operatorLogin)
	}
	return w.compareInstant(rec, &s.terminalInfo, c.sendingOf(s).from)
}

func printed(at time.Time) string { return at.In(regulation.Zone).Format(time.DateTime) }

// open decrypts a record's supplement.
func (w *world) open(rec *store.Record) (supplement.Supplement, error) {
	text, err := shared().privates[rec.KeyVersion].Decrypt(rec.Supplement)
	if err != nil {
		return supplement.Supplement{}, fmt.Errorf("key %s does not open it: %w", rec.KeyVersion, err)
	}
	sup, err := supplement.Parse(text)
	if err != nil {
		return sup, fmt.Errorf("%q: %w", text, err)
	}
	return sup, nil
}

// noteRelay reads what the front sends to relays alone.
func (c *wire) noteRelay(m ftd.Message, code int) {
	switch m.TID {
	case ftd.TIDTerminalSubmit:
		c.noteSubmit(m, code)
	case ftd.TIDTerminalEnd:
		c.noteEnd(submitIDOf(m), code)
	}
}

func (c *wire) noteSubmit(m ftd.Message, code int) {
	w, id := c.process.w, submitIDOf(m)
	c.codes[id] = append(c.codes[id], code)
	if n := c.sent(id); len(c.codes[id]) > n {
		w.violate("%v: %s was sent %d times and answered %v", c, id, n, c.codes[id])
		return
	}
	early := c.endedEarly[id] > 0
	if early {
		c.endedEarly[id]--
	}
	if code != 0 {
		w.counts.submitRefused++
		c.checkSubmitRefusal(id, code)
		return
	}
	w.counts.recorded++
	if !early {
		c.visits[id] = true
	}
	c.noteRecorded(m, id)
}

// noteRecorded notes an answer of 0: what it says of the relay is what is in force on this connection.
func (c *wire) noteRecorded(m ftd.Message, submitID string) {
	w := c.process.w
	var r ftd.SubmitResponse
	var via ftd.RelayRecorded
	raw, _ := m.Field(ftd.FIDSubmitResponse)
	must(r.Decode(raw))
	raw, _ = m.Field(ftd.FIDRelayRecorded)
	if err := via.Decode(raw); err != nil {
		w.violate("%v: RelayRecorded: %v", c, err)
		return
	}
	id, err := uuid.ParseBytes(r.RecordID)
	s := w.relays.submitted[id]
	if err != nil || s == nil || s.submitID != submitID || c.sendingOf(s) == nil || string(r.BrokerID) != broker {
		w.violate("%v: %s is answered with RecordID %s, which is not what its content makes", c, submitID, r.RecordID)
		return
	}
	a := submitAnswer{
		wire: c, submission: s, account: string(r.UserID), day: string(r.TradingDay), userType: r.UserType, flag: r.AbnormalFlag,
		relayLogin: string(via.RelayLoginTime),
	}
	if string(via.RelayIP) != "" || via.RelayPort != 0 {
		a.relay = fmt.Sprintf("%s %d", via.RelayIP, via.RelayPort)
	}
	if string(via.RelayAppID) != operatorApp || !s.wasRecordedAs(&a) {
		w.violate("%v: %v is answered with %+v through %s, and no record of it says so", c, s, a, via.RelayAppID)
	}
	w.relays.answers = append(w.relays.answers, a)
}

// wasRecordedAs reports whether the gateway made a record of the submission that says what the answer says, and on the connection
// from where it says.
func (s *submission) wasRecordedAs(a *submitAnswer) bool {
	for _, one := range s.sendings {
		c := one.wire
		c.mu.Lock()
		made := slices.Contains(c.flags[s], a.flag)
		c.mu.Unlock()
		at := fmt.Sprintf("%s %d", regulation.AppendAddr(nil, c.peer.Addr.Addr()), c.peer.Addr.Port())
		if made && a.relayLogin == c.operatorLogin && a.relay == at {
			return true
		}
	}
	return false
}

func (c *wire) noteEnd(id string, code int) {
	i := slices.IndexFunc(c.ends, func(e terminalEnd) bool { return e.submitID == id || len(e.submitID) != 36 })
	if i < 0 {
		c.process.w.violate("%v: TerminalEnd of %q is answered, and was not sent", c, id)
		return
	}
	before := c.ends[i].before
	c.ends = slices.Delete(c.ends, i, i+1)
	if code == 0 {
		delete(c.visits, id)
		c.endedEarly[id] = max(0, before-len(c.codes[id]))
	}
}

// checkSubmitRefusal: a refusal has a cause, and of two causes it is the one that a front looks at first.
func (c *wire) checkSubmitRefusal(id string, code int) {
	for _, one := range c.sendings {
		if one.delivered && one.submission.submitID == id && c.justifies(one, code) {
			return
		}
	}
	if code == 15 && !slices.ContainsFunc(c.sendings, func(one *sending) bool { return one.submission.submitID == id }) {
		return
	}
	c.process.w.violate("%v: the submission %s is refused with %d", c, id, code)
}

func (c *wire) justifies(one *sending, code int) bool {
	w, s := c.process.w, one.submission
	late := func() bool {
		return slices.ContainsFunc(w.readingsSince(one.from), func(r reading) bool { return s.outOfTime(r.at) })
	}
	versions := w.relays.permissions[one.permission:]
	switch code {
	case 8, 90:
		return true
	case 6:
		return c.operatorLogin == ""
	case 27:
		return !c.terminal.isOperator()
	case 15:
		return s.code == 15 || s.row > 9 && late() || s.row == 0 && late()
	case 63:
		return s.code == 63 || slices.ContainsFunc(versions, func(p permission) bool { return p.disabled == operatorApp })
	}
	if s.code != 0 {
		return code == s.code
	}
	switch code {
	case 9:
		return slices.ContainsFunc(versions, func(p permission) bool { return !p.inScope(s.account) })
	case 60:
		return w.relays.visits < 100
	case 7:
		return slices.ContainsFunc(w.readingsSince(one.from), func(r reading) bool { return w.keyAt(&s.terminalInfo, r) == "" })
	case 3:
		return slices.ContainsFunc(w.readingsSince(one.from), func(r reading) bool {
			return r.policy.RejectReplays && s.again || r.policy.Strict && (w.flagAt(&s.terminalInfo, r) != '0' || s.again)
		})
	}
	return false
}

// checkSubmitAnswered: a submission that was answered with 0 in this step is stored by now, and says what the answer said.
func (p *process) checkSubmitAnswered(a *submitAnswer) {
	w, s := p.w, a.submission
	rec, found := p.findSubmission(s.recordID, a.day)
	_, inPostgres := w.pg.rows[keyOf(&rec)]
	switch {
	case !found:
		w.violate("%v was answered and is not stored for day %s", s, a.day)
		return
	case w.plan.answerAfter == forward.AfterPostgres && !inPostgres:
		w.violate("%v was answered before PostgreSQL had it", s)
		return
	}
	w.prove(&rec)
	if !inPostgres {
		w.checkFirst(&rec)
	}
	// What PostgreSQL has may not be known to this front in time.
	asStored := byte(rec.Flag) == a.flag && printed(rec.RelayLoginTime) == a.relayLogin
	if a.account != s.account || a.userType != '2' || !asStored && !w.plan.postgres {
		w.violate("%v was told %+v, recorded is %+v", s, a, rec)
	}
}

// checkFirst: a row of the local store stays what it was until PostgreSQL has it.
func (w *world) checkFirst(rec *store.Record) {
	key := keyOf(rec)
	if w.isPoison(rec.ID) {
		return // one may be in quarantine, and another have come again
	}
	if old, known := w.relays.local[key]; known && !same(&old, rec) {
		w.violate("%v was recorded first on session %d.%d, and is now of %d.%d", w.nameOf(rec.ID), old.FrontID, old.SessionID, rec.FrontID, rec.SessionID)
	}
	w.relays.local[key] = clone(rec)
}

// findSubmission is the row of a submission in a day.
func (p *process) findSubmission(id uuid.UUID, day string) (found store.Record, there bool) {
	w := p.w
	for key, rec := range w.pg.rows {
		if key.id == id && key.day.String() == day {
			return rec, true
		}
	}
	ctx := context.Background()
	if rec, err := p.path.Journal.Find(ctx, id); err == nil && rec.TradingDay.String() == day {
		return rec, true
	}
	local, aside := p.localRecords()
	for _, rec := range append(local, aside...) {
		if rec.ID == id && rec.TradingDay.String() == day {
			return rec, true
		}
	}
	return store.Record{}, false
}

// checkWindow: no connection has more submissions on their way than its window, and no refused submission closes one.
func (c *wire) checkWindow() {
	w := c.process.w
	if most := w.relays.window; int(c.owed.Load()) > most {
		w.violate("%v: %d submissions are on their way, the window is %d", c, c.owed.Load(), most)
	}
	switch c.dialogue.Closing() {
	case reason.RelayRefusals:
		w.violate("%v is closed for a few refused submissions", c)
	case reason.RelayFlood:
		if !c.overran {
			w.violate("%v is closed for a flood, and kept to its window", c)
		}
	}
}

// checkRelays is what must hold of relays after every step.
func (p *process) checkRelays() {
	w := p.w
	if !w.hasRelays() {
		return
	}
	if n, most := int(p.submits.Load()), w.plan.limits.RelayLogins; most > 0 && n > most {
		w.violate("%d submissions are on their way, relays may have %d", n, most)
	}
	for _, c := range p.wires {
		if c.terminal.isOperator() {
			c.checkWindow()
		}
	}
}

// checkSubmissions: a submission that was answered, or told to a core, has its row, and one that was refused has none.
func (w *world) checkSubmissions(rows map[recordKey]bool, local []store.Record) {
	for i := range local {
		if rec := &local[i]; rec.ID.Version() == 8 && !w.pg.has(rec.ID, rec.TradingDay.String()) {
			w.checkFirst(rec)
		}
	}
	days := make(map[uuid.UUID][]string)
	w.counts.rows = 0
	for key := range rows {
		s := w.relays.submitted[key.id]
		if s == nil {
			continue
		}
		days[key.id] = append(days[key.id], key.day.String())
		w.counts.rows++
		if !s.mayBeStored() {
			w.violate("%v was refused, and is stored", s)
		}
	}
	for i := range w.relays.answers {
		a := &w.relays.answers[i]
		if !slices.Contains(days[a.submission.recordID], a.day) {
			w.violate("%v was answered and is lost", a.submission)
		}
		if !w.audited[a.submission.recordID] {
			w.violate("%v was answered and has no audit line", a.submission)
		}
	}
	for _, id := range w.relays.toldCore {
		if days[id] == nil {
			w.violate("%v was told to a core and is lost", w.nameOf(id))
		}
	}
}

// isSameVisit reports whether two records are of one terminal at one relay, which may bring its ciphertext again.
func (w *world) isSameVisit(a, b uuid.UUID) bool {
	visit := w.visitOfRecord(a)
	return visit != "" && visit == w.visitOfRecord(b)
}

func (w *world) visitOfRecord(id uuid.UUID) string {
	if s := w.relays.submitted[id]; s != nil {
		return s.visit
	}
	if a := w.byID[id]; a != nil {
		return a.visit
	}
	return ""
}

// terminalAddr is where a login says that its terminal is.
func (a *attempt) terminalAddr() netip.AddrPort {
	if a.via != nil {
		return a.via.addr()
	}
	return a.wire.peer.Addr
}

// compareRelay holds items 5 to 9 of a login through a many-to-many relay to what the relay told, and is.
func (a *attempt) compareRelay(sup *supplement.Supplement, rec *store.Record) error {
	relay := sup.Relay
	switch {
	case relay == nil || rec.RelayMode != '2':
		return fmt.Errorf("items 6 to 9 are missing, mode %q", rec.RelayMode)
	case relay.AppID != investorApp || rec.RelayAppID != investorApp || relay.Addr != a.wire.peer.Addr || !relay.LoginTime.Equal(rec.LoginTime) ||
		!rec.RelayLoginTime.Equal(rec.LoginTime):
		return fmt.Errorf("items 6 to 9 are %+v; the relay came from %v", relay, a.wire.peer.Addr)
	case !sup.LoginTime.Equal(a.via.at()) || !rec.VisitTime.Equal(a.via.at()):
		return fmt.Errorf("it logged in at %v and %v, the relay said %s", sup.LoginTime, rec.VisitTime, a.via.login)
	}
	return nil
}

// checkRelayedRefusal: what a front alone says of a login through a relay has a cause in what the relay said.
func (c *wire) checkRelayedRefusal(code int) {
	w, r := c.process.w, c.terminal.relay
	if r == nil {
		return
	}
	for _, a := range c.attempts {
		if !a.delivered {
			continue
		}
		late := a.via != nil && slices.ContainsFunc(w.readingsSince(a.from), func(r reading) bool { return a.via.outOfTime(r.at) })
		if a.code == code || code == 15 && late {
			return
		}
	}
	switch code {
	case 9, 15, 27, 49:
		if code == 15 && slices.ContainsFunc(c.attempts, func(a *attempt) bool { return !a.right }) {
			return // an account that can be none
		}
		w.violate("%v: a login through a relay is refused with %d, and nothing is wrong with it", c, code)
	case 63:
		if slices.ContainsFunc(w.relays.permissions, func(p permission) bool { return p.disabled == c.terminal.app }) || slices.Contains(c.verdicts, 63) {
			return
		}
		w.violate("%v: a login through a relay is refused with 63, and nothing is wrong with it", c)
	}
}
