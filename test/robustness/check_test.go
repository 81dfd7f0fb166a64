package robustness

import (
	"bytes"
	"crypto/rsa"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/test/opener"
)

// stored is what the stores hold, by RecordID.
type stored struct {
	records map[uuid.UUID]store.Record
	pending int      // of them, in the local store
	aside   int      // of them, in quarantine
	twice   []string // RecordIDs that are there more than once, as they may not be
}

// add takes a record in. One that is on its way is in both stores: then it must be the
// same in both.
func (s *stored) add(rec *store.Record, mayBeThere bool) {
	before, there := s.records[rec.ID]
	switch {
	case there && !mayBeThere:
		s.twice = append(s.twice, fmt.Sprintf("%v is there twice", rec.ID))
	case there && !sameRecord(&before, rec):
		s.twice = append(s.twice, fmt.Sprintf("%v differs: %+v, %+v", rec.ID, before, *rec))
	}
	r := *rec
	r.Terminal, r.Supplement = bytes.Clone(rec.Terminal), bytes.Clone(rec.Supplement)
	s.records[rec.ID] = r
}

func sameRecord(a, b *store.Record) bool {
	return bytes.Equal(a.Terminal, b.Terminal) && bytes.Equal(a.Supplement, b.Supplement) &&
		a.LoginTime.Equal(b.LoginTime) && a.TradingDay == b.TradingDay && a.VendorID == b.VendorID &&
		a.KeyVersion == b.KeyVersion && a.Flag == b.Flag && a.AppID == b.AppID && a.Account == b.Account &&
		a.UserType == b.UserType && a.FrontID == b.FrontID && a.SessionID == b.SessionID && a.Provisional == b.Provisional
}

// verdict is what a check found, at one moment. The last four must be 0.
type verdict struct {
	Answered int `json:"answered"`
	Stored   int `json:"stored"`
	Lost     int `json:"lost"`     // answered, and not stored
	Doubled  int `json:"doubled"`  // stored twice, or twice for one request
	Untrue   int `json:"untrue"`   // stored, and not what the client was
	Invented int `json:"invented"` // stored, and no request was for it
}

func (v verdict) good() bool { return v.Lost+v.Doubled+v.Untrue+v.Invented == 0 }

// checker holds what is stored against what was attempted.
type checker struct {
	t       *testing.T
	private *rsa.PrivateKey
	cal     *calendar.Calendar
	clock   *clock
	said    int

	// opened are the records that were found true once, so that a long run does not open
	// each of them again after each round.
	opened map[uuid.UUID]opened
}

// opened is a true record, and which attempt it is of.
type opened struct {
	rec store.Record
	of  int
}

// check compares. answers were taken before the stores were read, and all after: what
// was answered by then must be there, what is there must have been asked for by then.
func (c *checker) check(answers []attempt, s *stored, all []attempt) verdict {
	v := verdict{Stored: len(s.records), Doubled: len(s.twice)}
	for _, text := range s.twice {
		c.say("doubled: %s", text)
	}
	asked := make(map[netip.AddrPort][]*attempt, len(all))
	for i := range all {
		asked[all[i].local] = append(asked[all[i].local], &all[i])
	}
	used := make(map[int]uuid.UUID, len(s.records)) // by number of the attempt
	closed, sealed := c.closed(s, used)
	for i, text := range opener.Open(c.t, c.private, sealed) {
		rec, id := closed[i], closed[i].ID
		if text == nil {
			v.Untrue++
			c.say("untrue: the test key does not open the supplement of %v", id)
			continue
		}
		a, problem := c.find(asked, &rec, string(text))
		switch {
		case a == nil:
			v.Invented++
			c.say("invented: %v says %s: %s", id, text, problem)
		case problem != "":
			v.Untrue++
			c.say("untrue: %v says %s: %s; %v", id, text, problem, a)
		default:
			if other, twice := used[a.number]; twice {
				v.Doubled++
				c.say("doubled: %v and %v are one request, %s", id, other, text)
			}
			used[a.number] = id
			if !a.done.IsZero() {
				c.opened[id] = opened{rec, a.number}
			}
		}
	}
	for i := range answers {
		if a := &answers[i]; a.result != nil {
			v.Answered++
			if _, there := s.records[uuid.MustParse(a.result.RecordID)]; !there {
				v.Lost++
				c.say("lost: %v", a)
			}
		}
	}
	return v
}

// closed are the records of s, with their supplements, that no check has found true. The others are noted in used.
func (c *checker) closed(s *stored, used map[int]uuid.UUID) (recs []store.Record, sealed [][]byte) {
	for id, rec := range s.records {
		if before, known := c.opened[id]; known && sameRecord(&before.rec, &rec) {
			used[before.of] = id
			continue
		}
		recs, sealed = append(recs, rec), append(sealed, rec.Supplement)
	}
	return recs, sealed
}

// say prints the first findings; all are counted.
func (c *checker) say(format string, args ...any) {
	if c.said++; c.said <= maxExamples {
		c.t.Errorf(format, args...)
	}
}

// find is the attempt that a record is of, and what of the record is not so. Without one
// the problem is the reason.
func (c *checker) find(asked map[netip.AddrPort][]*attempt, rec *store.Record, text string) (*attempt, string) {
	items := strings.Split(text, "@")
	if len(items) != 11 {
		return nil, fmt.Sprintf("%d items", len(items))
	}
	addr, err := netip.ParseAddr(items[2])
	if err != nil {
		return nil, "address: " + err.Error()
	}
	port, err := strconv.ParseUint(items[3], 10, 16)
	if err != nil {
		return nil, "port: " + err.Error()
	}
	problem := "no client logged in from there"
	for _, a := range asked[netip.AddrPortFrom(addr, uint16(port))] {
		// An address and port can come twice; the receipt, or the terminal's ciphertext, decides:
		// each is encrypted anew, so that no two are the same.
		if a.result != nil && a.result.RecordID != rec.ID.String() || !bytes.Equal(a.sealed, rec.Terminal) {
			problem = "another RecordID or terminal than that of the request from there"
			continue
		}
		return a, c.problem(a, rec, items)
	}
	return nil, problem
}

// problem is the first difference between a record and its client.
func (c *checker) problem(a *attempt, rec *store.Record, items []string) string {
	done := a.done
	if done.IsZero() {
		done = time.Now()
	}
	if a.result == nil {
		done = done.Add(afterwards)
	}
	printed, err := time.ParseInLocation(time.DateTime, items[4], regulation.Zone)
	if err != nil {
		return "time: " + err.Error()
	}
	day, _ := c.cal.TradingDayOf(printed)
	version := "1.0" // the key that the supplement is opened with
	switch want := fmt.Sprintf("%c@%s@%s@%d@%s@@@@@%s@%c", a.flag, a.app, a.local.Addr(), a.local.Port(), items[4],
		a.account.Account, a.account.UserType); {
	case strings.Join(items, "@") != want:
		return "want " + want
	case !c.clock.explains(printed, a.sent, done):
		return fmt.Sprintf("the time: asked %v, done %v", a.sent, done)
	case rec.TradingDay != day:
		return fmt.Sprintf("trading day %v, the printed time's is %v", rec.TradingDay, day)
	case !rec.LoginTime.Equal(printed):
		return fmt.Sprintf("login time %v beside the printed one", rec.LoginTime)
	case rec.AppID != a.app || rec.Account != a.account.Account || rec.UserType != a.account.UserType || rec.Flag != a.flag:
		return fmt.Sprintf("columns %s, %s, %c, %c", rec.AppID, rec.Account, rec.UserType, rec.Flag)
	case rec.KeyVersion != version || rec.VendorID != "TF01" || a.front != 0 && rec.FrontID != a.front:
		return fmt.Sprintf("columns %s, %s, %d", rec.KeyVersion, rec.VendorID, rec.FrontID)
	}
	if r := a.result; r != nil && (r.TradingDay != rec.TradingDay.String() || !r.LoginTime.Equal(printed) ||
		r.PublicAddr != a.local || r.AbnormalFlag != byte(a.flag) || r.SessionID != rec.SessionID || a.front == 0 && r.FrontID != rec.FrontID) {
		return fmt.Sprintf("the answer was %+v", *r)
	}
	return ""
}

// afterwards is how much later than the end of its connection a login may still be
// recorded: it was on its way through the front.
const afterwards = 30 * time.Second
