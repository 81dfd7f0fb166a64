package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/await"
)

// put writes records as a front that was cut off would bring them, beside everything.
func (s *site) put(postgresURL string, recs []store.Record) {
	s.t.Helper()
	var w interface {
		store.Store
		Close() error
	}
	var err error
	if postgresURL == "" {
		w, err = journal.Open(s.t.Context(), filepath.Join(s.dir, "tradefront.db"), journal.Options{})
	} else {
		w, err = postgres.Open(s.t.Context(), storetest.URL(s.t, postgresURL), postgres.Options{})
	}
	if err != nil {
		s.t.Fatal(err)
	}
	if err := errors.Join(w.Put(s.t.Context(), recs), w.Close()); err != nil {
		s.t.Fatal(err)
	}
}

// statusOf is `report status` of one day.
type statusOf struct {
	Day                     string `json:"trading_day"`
	Records, Reported, Late int
	Moved                   int `json:"moved_away"`
	Provisional             int
	Good                    bool
	Next                    string
}

func (s *site) status(day string) statusOf {
	s.t.Helper()
	var all []statusOf
	if err := json.Unmarshal([]byte(s.cli("", "report", "status", "--day", day, "-o", "json")), &all); err != nil || len(all) != 1 {
		s.t.Fatalf("%v, %d days", err, len(all))
	}
	return all[0]
}

// TestLateRecords: what comes after a day's report is seen by status, gauge and readyz,
// and a supplement settles it.
func TestLateRecords(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, url string) {
		s := newSite(t, url, "")
		const day = "20260105"
		s.serve().stop() // the records name front 1, which has to be known
		s.put(url, storetest.Records(storetest.Day, 10))
		s.cli("", "report", "export", "--day", day, "--out", s.dir)
		if st := s.status(day); !st.Good || st.Reported != 10 {
			t.Errorf("%+v", st)
		}
		s.put(url, storetest.Records(storetest.Day, 3))
		if st := s.status(day); st.Good || st.Late != 3 {
			t.Errorf("%+v", st)
		}
		if out := s.cli("", "report", "status"); !strings.Contains(out, "3 records came late") {
			t.Errorf("a day of long ago with late records is not shown:\n%s", out)
		}
		d := s.serve()
		d.wantLate(t, 3)
		if _, ready := d.get(t, "/readyz"); !strings.Contains(ready, "3 of 20260105") {
			t.Error(ready)
		}
		d.stop()
		out := s.cli("", "report", "export", "--supplement", "--day", day, "--out", s.dir)
		if !strings.Contains(out, "0001clientinfo20260105.supplement-1.txt: 3 rows") {
			t.Error(out)
		}
		if out = s.cli("", "report", "export", "--supplement", "--day", day, "--out", s.dir); !strings.Contains(out, "nothing was written") {
			t.Error(out)
		}
		d = s.serve()
		d.wantLate(t, 0)
		d.stop()
		if out = s.cli("", "report", "export", "--day", day, "--out", s.dir); !strings.Contains(out, "13 rows") || !strings.Contains(out, "+3 rows") {
			t.Error(out)
		}
		if st := s.status(day); !st.Good || st.Reported != 13 {
			t.Errorf("%+v", st)
		}
	})
}

// wantLate waits for the gauge, which is counted in the background.
func (d *daemon) wantLate(t *testing.T, n int) {
	t.Helper()
	want := fmt.Sprintf("\ntradefront_report_late_records %d\n", n)
	await.Every(t, 20*time.Millisecond, want, func() bool {
		_, metrics := d.get(t, "/metrics")
		return strings.Contains(metrics, want)
	})
}

// TestReassign: logins under a provisional calendar get a provisional day; when the
// notice closes that day, they are moved beside the running front, once.
func TestReassign(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, url string) {
		s := newSite(t, url, "")
		year := time.Now().In(regulation.Zone).Year()
		s.write("calendar.yaml", twoYears(year, true, ""))
		d := s.serve()
		var day string
		for range 3 {
			c := dialAndAuthenticate(t, d)
			answer, err := login(t, c, password, nil)
			if err != nil {
				t.Fatal(err)
			}
			day = answer.TradingDay
			_ = c.Close()
		}
		s.eventually(func() bool { return s.status(day).Provisional == 3 })
		if out := s.cli("", "calendar", "reassign"); !strings.Contains(out, "0 records moved to another day, 0 confirmed on theirs, 3 stay") {
			t.Error(out)
		}
		was, err := calendar.ParseTradingDay(day)
		if err != nil {
			t.Fatal(err)
		}
		closed := was.Date().Format(time.DateOnly)
		s.write("calendar.yaml", twoYears(year, false, closed))
		if out := s.cli("", "calendar", "reassign"); !strings.Contains(out, "3 records moved to another day, 0 confirmed on theirs, 0 stay") {
			t.Error(out)
		}
		if out := s.cli("", "calendar", "reassign"); !strings.Contains(out, "0 records moved") {
			t.Error(out)
		}
		cal, err := calendar.Load(filepath.Join(s.dir, "calendar.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if st := s.status(cal.Next(was).String()); st.Records != 3 || st.Provisional != 0 {
			t.Errorf("%+v", st)
		}
		if _, errOut, err := s.try("", "report", "export", "--partial", "--day", day, "--out", s.dir); err == nil || !strings.Contains(errOut, "belong to "+cal.Next(was).String()) {
			t.Errorf("%v %s", err, errOut)
		}
		d.stop()
	})
}

// twoYears is a calendar file of that year and the next; closed is one more holiday, of
// either year.
func twoYears(year int, provisional bool, closed string) []byte {
	var b strings.Builder
	b.WriteString("years:\n")
	for y := year; y < year+2; y++ {
		fmt.Fprintf(&b, "  - year: %d\n    provisional: %v\n    source: test\n    closed:\n      - {from: %d-01-01, to: %d-01-01, name: x}\n", y, provisional, y, y)
		if strings.HasPrefix(closed, fmt.Sprint(y)) {
			fmt.Fprintf(&b, "      - {from: %s, to: %s, name: y}\n", closed, closed)
		}
	}
	return []byte(b.String())
}

func dialAndAuthenticate(t *testing.T, d *daemon) *client.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := client.Dial(ctx, d.address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Authenticate(ctx, client.Identity{BrokerID: "9999", AppID: appID}, d.s.apps[0].AuthCode); err != nil {
		t.Fatal(err)
	}
	return c
}

// eventually polls: records reach PostgreSQL a little after the answer.
func (s *site) eventually(f func() bool) {
	s.t.Helper()
	await.Every(s.t, 50*time.Millisecond, "what follows a login", f)
}

// TestSettlementAnswers: what clerks mistype gets exit status 1 or 2 and a sentence that
// helps.
func TestSettlementAnswers(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", "")
	s.write("bad.yaml", []byte("years:\n  - {year: 2026, provisional: false, source: x, closed: [{from: 2026-01-02, to: 2026-01-01, name: x}], worked_weekends: [2026-01-05]}\n"))
	bad := filepath.Join(s.dir, "bad.yaml")
	future := time.Now().In(regulation.Zone).AddDate(0, 0, 20)
	cal, err := calendar.Load(filepath.Join(s.dir, "calendar.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	open, _ := cal.TradingDayOf(future)
	for _, c := range []struct {
		args   string
		status int
		want   string
	}{
		{"calendar check --file " + bad, 1, "to is before from"},
		{"calendar check --file " + bad + " -o json", 1, "2026-01-05 is a Monday"},
		{"calendar check --file " + s.dir + "/none.yaml", 1, "no such file"},
		{"calendar check", 2, "config file"},
		{"calendar check --file a --config b", 2, "none of the others can be"},
		{"calendar check --config " + s.config, 0, "2026: 242 trading days"},
		{"calendar check -o json --config " + s.config, 0, `"days": "XX-w.....--.....--.....--.....-"`},
		{"calendar show --day 20261003 --config " + s.config, 1, "belong to 20261008"},
		{"calendar show --day 20261009 --config " + s.config, 0, "Thu 2026-10-08 15:30:00"},
		{"calendar show --day 20261008 -o json --config " + s.config, 0, `"window_start": "2026-09-30T15:30:00+08:00"`},
		{"calendar show --day tomorrow --config " + s.config, 1, "want YYYYMMDD"},
		{"report export --config " + s.config, 2, "day today from"},
		{"report export --day 20260105 --today --config " + s.config, 2, "none of the others can be"},
		{"report export --from 20260105 --config " + s.config, 2, "from to"},
		{"report export --day 20260105 --partial --supplement --config " + s.config, 2, "none of the others can be"},
		{"report export --day 20261003 --config " + s.config, 1, "belong to 20261008"},
		{"report export --day " + open.String() + " --config " + s.config, 1, "--partial"},
		{"report export --from 20260103 --to 20260104 --config " + s.config, 1, "no trading day"},
		{"report export --from 20250101 --to 20261120 --config " + s.config, 1, "export fewer at once"},
		{"report export --from 20260105 --to " + open.String() + " --config " + s.config, 1, "--partial"},
		{"report export --day 20260105 --out " + s.dir + "/none --config " + s.config, 1, "make it, or name another"},
		{"report export --supplement --day 20260105 --out " + s.dir + " --config " + s.config, 1, "without --supplement"},
		{"report export --from 20260101 --to 20260107 -o json --out " + s.dir + " --config " + s.config, 0, `"trading_day": "20260107"`},
		{"report export --today --out " + s.dir + " --config " + s.config, 0, "whose window has closed is"},
		{"report status --day 20261003 --config " + s.config, 1, "belong to 20261008"},
		{"report status --config " + s.config, 0, "wait: the window closes at"}, // those exports were of days before the store
	} {
		out, err := exec.Command(binary, strings.Fields(c.args)...).CombinedOutput()
		status := 0
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			status = exit.ExitCode()
		}
		if status != c.status || !strings.Contains(string(out), c.want) {
			t.Errorf("tradefront %s: status %d, want %d with %q\n%s", c.args, status, c.status, c.want, out)
		}
	}
	if reports, err := filepath.Glob(filepath.Join(s.dir, "0001clientinfo2026010?.txt")); err != nil || len(reports) != 3 {
		t.Errorf("20260101 to 20260107 made %v, %v; want the reports of 5, 6 and 7", reports, err)
	}
	if _, err := os.Stat("0001clientinfo20260105.txt"); err == nil {
		t.Error("a report is in the working folder")
	}
}
