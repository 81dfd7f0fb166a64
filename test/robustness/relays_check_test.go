package robustness

import (
	"crypto/rsa"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// relaysChecker holds records against terminals, and against what the wire saw of their relays.
type relaysChecker struct {
	checker
	wire *wire
}

// check compares. All that was asked has an outcome, and nothing is on its way.
func (c *relaysChecker) check(all []attempt, also map[string]string, s *stored) verdict {
	v := verdict{Stored: len(s.records), Doubled: len(s.twice)}
	for _, text := range s.twice {
		c.say("doubled: %s", text)
	}
	asked := make(map[string]*attempt, len(all))
	for i := range all {
		asked[all[i].key()] = &all[i]
	}
	used := make(map[int]uuid.UUID, len(s.records)) // by number of the attempt, for those that leave one record
	c.wire.mu.Lock()
	defer c.wire.mu.Unlock()
	for id, rec := range s.records {
		before, known := c.opened[id]
		of := before.of
		if !known || !sameRecord(&before.rec, &rec) {
			var problem string
			if of, problem = c.open(asked, &rec, &v); problem != "" {
				c.say("%s", problem)
				continue
			}
			c.opened[id] = opened{rec, of}
		}
		if of < 0 || all[of].via != nil && all[of].via.way.submits() {
			continue // an operator's own line; or the RecordID says that it is once
		}
		if other, twice := used[of]; twice {
			v.Doubled++
			c.say("doubled: %v and %v are one request: %v", id, other, &all[of])
		}
		used[of] = id
	}
	c.lost(all, also, s, &v)
	return v
}

// lost counts the answers that no record is behind: those that terminals read, those that relays read, and those that left
// a front.
func (c *relaysChecker) lost(all []attempt, also map[string]string, s *stored, v *verdict) {
	missing := func(id, what string) {
		if _, there := s.records[uuid.MustParse(id)]; !there {
			v.Lost++
			c.say("lost: %s: %s", id, what)
		}
	}
	for i := range all {
		if a := &all[i]; a.result != nil {
			v.Answered++
			missing(a.result.RecordID, a.String())
		}
	}
	for id, what := range also {
		missing(id, what)
	}
	for id, what := range c.wire.answered {
		missing(id, what+", says the wire")
	}
}

// key names what was asked as the wire and the record do.
func (a *attempt) key() string {
	addr, port := "", 0
	if a.local.IsValid() {
		addr, port = a.local.Addr().String(), int(a.local.Port())
	}
	return visitKey(a.sealed, string(a.app), addr, port)
}

// open opens a record and finds what it is of; -1 is a relay operator's own login. Without a problem it is true.
func (c *relaysChecker) open(asked map[string]*attempt, rec *store.Record, v *verdict) (of int, problem string) {
	text, err := rsa.DecryptPKCS1v15(nil, c.private, rec.Supplement)
	if err != nil {
		v.Untrue++
		return 0, fmt.Sprintf("untrue: the test key does not open the supplement of %v", rec.ID)
	}
	items := strings.Split(string(text), "@")
	port := 0
	if len(items) == 11 && items[3] != "" {
		port, err = strconv.Atoi(items[3])
	}
	if len(items) != 11 || err != nil {
		v.Untrue++
		return 0, fmt.Sprintf("untrue: %v says %s", rec.ID, text)
	}
	key := visitKey(rec.Terminal, items[1], items[2], port)
	a, sightings := asked[key], c.wire.seen[key]
	switch {
	case a == nil && len(sightings) > 0 && sightings[0].told == nil:
		of, problem = -1, c.ownLine(rec, items, sightings)
	case a == nil:
		v.Invented++
		return 0, fmt.Sprintf("invented: %v says %s", rec.ID, text)
	case a.via == nil:
		told := *a
		told.front = rec.FrontID // the balancer chose it
		if a.result != nil {
			told.front = a.result.FrontID
		}
		of, problem = a.number, c.problem(&told, rec, items)
	default:
		of, problem = a.number, c.relayed(a, rec, items, sightings)
	}
	if problem != "" {
		v.Untrue++
		problem = fmt.Sprintf("untrue: %v says %s: %s; %v", rec.ID, text, problem, a)
	}
	return of, problem
}

// ownLine is what is wrong with the line of a relay operator's own login.
func (c *relaysChecker) ownLine(rec *store.Record, items []string, sightings []*sighting) string {
	for _, s := range sightings {
		account, flag := deskOperator, regulation.FlagNormal
		if s.relay == agentDesk {
			account, flag = agentOperator, regulation.FlagTerminalEmpty // it is told no terminal information
		}
		want := fmt.Sprintf("%c@%s@%s@%d@%s@@@@@%s@2", flag, s.relay, s.source.Addr(), s.source.Port(), items[4], account)
		if strings.Join(items, "@") == want && s.at(items[4]) {
			return c.columns(rec, items, nil)
		}
	}
	return "no operator logged in so"
}

// at reports whether the relay logged in on that connection at that time.
func (s *sighting) at(printed string) bool {
	t, err := time.ParseInLocation(time.DateTime, printed, regulation.Zone)
	until := *s.until
	if until.IsZero() {
		until = time.Now() // the answer did not pass
	}
	return err == nil && !t.Before(s.from.Truncate(time.Second)) && !t.After(until)
}

// relayed is what is wrong with the record of a terminal that came through a relay.
func (c *relaysChecker) relayed(a *attempt, rec *store.Record, items []string, sightings []*sighting) string {
	if items[5] != a.via.relay {
		return "want through " + a.via.relay
	}
	var came *sighting
	for _, s := range sightings {
		if items[6] == s.source.Addr().String() && items[7] == strconv.Itoa(int(s.source.Port())) && s.at(items[8]) &&
			(!a.via.way.submits() || s.record == rec.ID) {
			came = s
		}
	}
	if came == nil {
		return fmt.Sprintf("none of the %d times that it passed to a front was so", len(sightings))
	}
	addr, port := "", ""
	if a.local.IsValid() {
		addr, port = a.local.Addr().String(), strconv.Itoa(int(a.local.Port()))
		if items[2] != addr {
			addr = expanded(a.local.Addr())
		}
	}
	want := fmt.Sprintf("%c@%s@%s@%s@%s@%s@%s@%s@%s@%s@%c", a.flag, a.app, addr, port, items[4], a.via.relay, items[6], items[7], items[8],
		a.account.Account, a.via.userType)
	switch told := string(came.told.LoginTime); {
	case strings.Join(items, "@") != want:
		return "want " + want
	case items[4] != told:
		return "the relay told " + told
	case !a.loggedInAt(told):
		return "the terminal did not log in then"
	case came.relay != a.via.relay || came.account != string(a.account.Account):
		return fmt.Sprintf("the wire saw %s of %s", came.account, came.relay)
	}
	if problem := c.columns(rec, items, a); problem != "" {
		return problem
	}
	return answeredAs(a, rec, items, distinct(sightings))
}

// expanded is an IPv6 address as the report has it: eight groups.
func expanded(addr netip.Addr) string { return strings.ToUpper(addr.StringExpanded()) }

// loggedInAt reports whether that is when the terminal logged in at the relay nearest it.
func (a *attempt) loggedInAt(printed string) bool {
	t, err := time.ParseInLocation(time.DateTime, printed, regulation.Zone)
	if !a.via.told.LoginTime.IsZero() {
		return err == nil && t.Equal(a.via.told.LoginTime)
	}
	return err == nil && !t.Before(a.sent.Truncate(time.Second)) && !t.After(a.done)
}

// columns is what is wrong with what the stores have beside the encrypted items; a is nil for an operator's own line.
func (c *relaysChecker) columns(rec *store.Record, items []string, a *attempt) string {
	day, _ := c.cal.TradingDayOf(rec.LoginTime)
	mode, relay, visit, relayLogin := byte(0), "", "", ""
	if a != nil {
		mode, relay, visit, relayLogin = store.RelayInvestor, a.via.relay, items[4], items[8]
		if a.via.way.submits() {
			mode = store.RelayOperator
		}
	}
	in := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(regulation.Zone).Format(time.DateTime)
	}
	switch {
	case rec.TradingDay != day:
		return fmt.Sprintf("trading day %v, its time's is %v", rec.TradingDay, day)
	case string(rec.RelayAppID) != relay || rec.RelayMode != mode || in(rec.VisitTime) != visit || in(rec.RelayLoginTime) != relayLogin:
		return fmt.Sprintf("columns %s, %q, %v, %v", rec.RelayAppID, rec.RelayMode, rec.VisitTime, rec.RelayLoginTime)
	case string(rec.AppID) != items[1] || string(rec.Account) != items[9] || string(rune(rec.UserType)) != items[10] || string(rune(rec.Flag)) != items[0]:
		return fmt.Sprintf("columns %s, %s, %c, %c", rec.AppID, rec.Account, rec.UserType, rec.Flag)
	case rec.KeyVersion != "1.0" || rec.VendorID != "TF01":
		return fmt.Sprintf("columns %s, %s", rec.KeyVersion, rec.VendorID)
	case a != nil && rec.LoginTime.Before(a.sent.Truncate(time.Second)):
		return fmt.Sprintf("recorded at %v, sent at %v", rec.LoginTime, a.sent)
	}
	return ""
}

// distinct is on how many connections a terminal passed to fronts.
func distinct(sightings []*sighting) int {
	conns := map[int]bool{}
	for _, s := range sightings {
		conns[s.conn] = true
	}
	return len(conns)
}

// answeredAs is what the terminal or its relay was answered, and is not so. What passed on several connections may have
// been answered by another front than the one whose record is in the report, and told of another port of the relay.
func answeredAs(a *attempt, rec *store.Record, items []string, conns int) string {
	r := a.result
	if r == nil || r.RecordID != rec.ID.String() {
		return ""
	}
	agent := a.via.way == investor || a.via.way == operator || a.via.way == chained || a.via.way == subdesk
	seen := r.Relay
	switch {
	case r.TradingDay != rec.TradingDay.String() || r.AbnormalFlag != byte(rec.Flag):
		return fmt.Sprintf("the answer was %+v", *r)
	case a.via.way == investor || a.via.way == operator:
		if r.PublicAddr != a.local || r.LoginTime.Format(time.DateTime) != items[4] {
			return fmt.Sprintf("the answer was %+v", *r)
		}
	}
	if agent || conns > 1 {
		return ""
	}
	if want := (client.RelayRecorded{AppID: items[5], Addr: seen.Addr, LoginTime: seen.LoginTime}); seen != want ||
		seen.Addr.Addr().String() != items[6] || strconv.Itoa(int(seen.Addr.Port())) != items[7] || seen.LoginTime.Format(time.DateTime) != items[8] {
		return fmt.Sprintf("the answer was %+v", *r)
	}
	return ""
}
