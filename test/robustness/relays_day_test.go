package robustness

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/internal/terminalinfo"
	"github.com/tradefront/tradefront/test/pgtest"
	"github.com/tradefront/tradefront/test/ports"
	"github.com/tradefront/tradefront/test/site"
)

// TestSubmittedAgainOverTheEndOfTheDay: a submission is recorded before 15:30, its answer counts as lost, and the relay
// sends it again after 15:30, at both fronts. It is one line in each of two days, under one RecordID, and reconcile says so.
func TestSubmittedAgainOverTheEndOfTheDay(t *testing.T) {
	sideBySide(t)
	w := newDayWorld(t)
	for i := range w.fronts {
		w.mustTake(i)
	}
	w.stepTo(dayRoom) // before 15:30, and both submissions take less
	s := client.Submission{
		UserID: "88000000", KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: w.sealed(),
		Terminal: client.RelayedTerminal{
			AppID: string(w.sites[0].Apps[0].AppID), PublicAddr: netip.MustParseAddrPort("203.0.113.7:50001"), LoginTime: w.now(), Type: '2',
		},
	}
	id := client.NewSubmitID(w.now())
	first := w.submit(0, id, false, &s)
	if again := w.submit(1, id, true, &s); again.RecordID != first.RecordID || again.TradingDay != first.TradingDay {
		t.Errorf("before 15:30 %+v, and again %+v", first, again)
	}
	w.stepTo(-time.Second)
	next := w.submit(1, id, true, &s)
	if next.RecordID != first.RecordID || next.TradingDay == first.TradingDay {
		t.Errorf("before 15:30 %+v, behind it %+v", first, next)
	}
	if again := w.submit(0, id, true, &s); again.RecordID != next.RecordID || again.TradingDay != next.TradingDay {
		t.Errorf("behind 15:30 %+v, and again %+v", next, again)
	}
	w.backToNow()
	for day, other := range map[string]string{first.TradingDay: next.TradingDay, next.TradingDay: first.TradingDay} {
		w.reported(day, other, first.RecordID)
	}
}

// dayRoom is what a start of both fronts, and then two submissions, may take before 15:30 on a busy machine. A SubmitID may be older.
const dayRoom = 5 * time.Minute

// dayWorld is two fronts of one firm whose clocks can be set, around the 15:30 between two trading days.
type dayWorld struct {
	t      *testing.T
	sites  []*site.Site
	fronts []*front
	relays []string // listeners
	code   string
	url    string // of PostgreSQL
	clock  *clock
	end    time.Duration // added to the clock it is 15:30
	random *rand.Rand
}

func newDayWorld(t *testing.T) *dayWorld {
	t.Helper()
	w := &dayWorld{t: t, random: rand.New(rand.NewPCG(firstSeed(), 4)), url: pgtest.Start(t).URL()}
	for i := range 2 {
		at := ports.Address(t)
		o := site.Options{
			Binary: built.normal, Front: i + 1, URL: w.url, More: "relay: {enabled: true}\n",
			Listeners: fmt.Sprintf("    - {address: %q, admits: relays}\n", at),
		}
		if i == 0 {
			w.sites = append(w.sites, site.New(t, o))
		} else {
			w.sites = append(w.sites, w.sites[0].Beside(o))
		}
		w.relays, w.fronts = append(w.relays, at), append(w.fronts, newFront(t, w.sites[i]))
	}
	w.clock = newClock(t, w.sites[0].Dir)
	w.findEnd()
	w.admit()
	for _, f := range w.fronts {
		f.useBinary(built.settable, "STEPCLOCK_FILE="+w.clock.file)
	}
	w.stepTo(2 * dayRoom)
	for _, f := range w.fronts {
		f.start()
		t.Cleanup(f.abandon)
	}
	return w
}

// findEnd finds the next 15:30 with which a trading day ends: not every one does.
func (w *dayWorld) findEnd() {
	w.t.Helper()
	cal, err := calendar.Parse(configs.Calendar)
	if err != nil {
		w.t.Fatal(err)
	}
	w.end = w.clock.until(15, 30, 0)
	for range 30 {
		at := time.Now().Add(w.end)
		before, _ := cal.TradingDayOf(at.Add(-time.Minute))
		if after, _ := cal.TradingDayOf(at.Add(time.Minute)); after != before {
			return
		}
		w.end += 24 * time.Hour
	}
	w.t.Fatal("no trading day ends within 30 days")
}

func (w *dayWorld) admit() {
	s := w.sites[0]
	s.AddApp("client_day_1.0")
	s.AddAccount("88000000", traderPassword, "1")
	s.AddAccount(deskOperator, traderPassword, "2")
	var added struct{ AuthCode string }
	out := s.CLI("", "relay", "add", "--app-id", deskID, "--type", "operator", "--network", "127.0.0.1", "--operator", deskOperator,
		"--scope", "all", "-o", "json")
	if err := json.Unmarshal([]byte(out), &added); err != nil {
		w.t.Fatal(err)
	}
	w.code = added.AuthCode
}

func (w *dayWorld) sealed() []byte {
	sealed, err := w.sites[0].Key.Encrypt(nil, []byte(terminalinfo.Build(regulation.TerminalLinux, w.random, time.Now())))
	if err != nil {
		w.t.Fatal(err)
	}
	return sealed
}

// now is the fronts' time.
func (w *dayWorld) now() time.Time {
	w.clock.mu.Lock()
	defer w.clock.mu.Unlock()
	return time.Now().Add(w.clock.steps[len(w.clock.steps)-1].offset)
}

// stepTo sets the clocks so that it is so long before 15:30.
func (w *dayWorld) stepTo(before time.Duration) {
	at := w.end - before
	w.clock.set(at - time.Since(w.clock.steps[0].from))
}

// mustTake waits until the front takes relays.
func (w *dayWorld) mustTake(front int) {
	w.t.Helper()
	for deadline := time.Now().Add(healPatience); !takes(w.relays[front]); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatal(w.fronts[front].tail())
		}
	}
}

// submit is one connection of the relay: it logs the operator in and submits.
func (w *dayWorld) submit(front int, id client.SubmitID, again bool, s *client.Submission) client.Receipt {
	w.t.Helper()
	conn, err := net.Dial("tcp", w.relays[front])
	if err != nil {
		w.t.Fatalf("%v\n%s", err, w.fronts[front].tail())
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(healPatience)); err != nil {
		w.t.Fatal(err)
	}
	r := &rawRelay{w: w, front: front, conn: conn}
	identity := &client.Identity{BrokerID: "9999", AppID: deskID}
	asked := r.ask(r.m.AppendAsk(nil, identity))
	challenge := asked.Challenge()
	r.ask(r.m.AppendAnswer(nil, identity, w.code, &challenge))
	r.ask(r.m.AppendLogin(nil, &client.LoginRequest{
		BrokerID: "9999", UserID: deskOperator, Password: traderPassword, KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: w.sealed(),
	}))
	e := r.ask(r.m.AppendSubmit(nil, id, again, s))
	return e.Receipt()
}

// rawRelay is a relay that says which SubmitID it sends, and when.
type rawRelay struct {
	w     *dayWorld
	front int
	conn  net.Conn
	m     client.Machine
	buf   []byte
}

// ask sends a frame and returns the answer to it.
func (r *rawRelay) ask(frame []byte, err error) client.Event {
	r.w.t.Helper()
	if err == nil {
		_, err = r.conn.Write(frame)
	}
	for err == nil {
		n, e, problem := r.m.Receive(r.buf)
		switch {
		case problem != nil:
			err = problem
			continue
		case n > 0 && e.Refusal != nil:
			err = e.Refusal
			continue
		case n > 0:
			// e aliases what was received, which is left alone from here on.
			r.buf = append([]byte(nil), r.buf[n:]...)
			if e.Kind != client.Ignored {
				return e
			}
			continue
		}
		part := make([]byte, 4096)
		if n, err = r.conn.Read(part); n > 0 {
			r.buf, err = append(r.buf, part[:n]...), nil
		}
	}
	r.w.t.Fatalf("%v\n%s", err, r.w.fronts[r.front].tail())
	return client.Event{}
}

// backToNow stops the fronts and lets each run for a moment under the clock that is right, so that PostgreSQL hears of it.
func (w *dayWorld) backToNow() {
	for i, f := range w.fronts {
		f.stop()
		w.clock.set(0)
		f.useBinary(built.normal)
		f.start()
		w.mustTake(i)
		f.stop()
		f.checkLog()
	}
}

// reported: the record is a line of the day's report, and reconcile names it as one of both days, without a fault.
func (w *dayWorld) reported(day, other, record string) {
	w.t.Helper()
	s := w.sites[0]
	path := export(w.t, s, day, true)
	var found struct {
		Complete    bool
		Differences []struct {
			Kind  string
			Total int
			First []struct {
				RecordID string `json:"record_id"`
				Detail   string
			}
		}
	}
	out := s.CLI("", "reconcile", "--day", day, "--report", path, "-o", "json",
		"--audit", filepath.Join(w.sites[0].Dir, "audit.jsonl"), "--audit", filepath.Join(w.sites[1].Dir, "audit.jsonl"))
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		w.t.Fatal(err)
	}
	both := 0
	for _, d := range found.Differences {
		if d.Kind == "both_days" && d.Total == 1 && d.First[0].RecordID == record && strings.HasPrefix(d.First[0].Detail, "and on "+other) {
			both++
		}
	}
	if both != 1 || !found.Complete {
		w.t.Errorf("reconcile of %s does not name %s as a record of %s too:\n%s", day, record, other, out)
	}
	records, times := map[uuid.UUID]store.Record{}, 0
	for _, rec := range w.recordsOf(day) {
		if records[rec.ID] = rec; rec.ID.String() == record {
			times++
		}
	}
	if n := linesOf(records).take(w.t, path); n != len(records) || times != 1 {
		w.t.Errorf("%d lines of %d records of %s, %d of %s", n, len(records), day, times, record)
	}
}

// recordsOf are those of a day that PostgreSQL has.
func (w *dayWorld) recordsOf(day string) (all []store.Record) {
	w.t.Helper()
	number, err := strconv.Atoi(day)
	if err != nil {
		w.t.Fatal(err)
	}
	from, err := postgres.Open(w.t.Context(), storetest.URL(w.t, w.url), postgres.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	err = from.Scan(w.t.Context(), calendar.TradingDay(number), func(rec *store.Record) error {
		copied := *rec
		copied.Supplement = bytes.Clone(rec.Supplement)
		all = append(all, copied)
		return nil
	})
	if err := errors.Join(err, from.Close()); err != nil {
		w.t.Fatal(err)
	}
	return all
}
