package relayreport_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement/relayreport"
)

var update = flag.Bool("update", false, "write the golden files anew")

const day = 20260105

var nine = time.Date(2026, 1, 5, 9, 0, 0, 0, regulation.Zone)

// entry is one audit line under the keys that a front writes.
type entry map[string]any

// submitted is a good submission of an account: its own address and port, a second after the login at the relay.
func submitted(i int) entry {
	login := nine.Add(time.Duration(i) * time.Second)
	return entry{
		"time": login.Add(800 * time.Millisecond).Format(time.RFC3339Nano), "event": "submit", "reason": "ok", "code": 0,
		"record_id": recordID(i), "submit_id": recordID(1_000_000 + i), "app_id": "client_demo_1.0", "account": fmt.Sprintf("%08d", i),
		"front_id": 1, "session_id": 7, "trading_day": fmt.Sprint(day), "flag": "0", "relay_app_id": "abcdef_relay_1.6.0", "relay_mode": "3",
		"operator": "8000admin", "terminal_address": fmt.Sprintf("116.228.%d.%d", 1+i/200, 1+i%200), "terminal_port": 20000 + i,
		"terminal_login_time": login.Format(regulation.TimeLayout),
	}
}

func recordID(i int) string { return fmt.Sprintf("019b7c1e-5c00-8000-8000-%012d", i) }

// but is e with other values.
func (e entry) but(pairs ...any) entry {
	other := maps.Clone(e)
	for i := 0; i < len(pairs); i += 2 {
		other[pairs[i].(string)] = pairs[i+1]
	}
	return other
}

func direct(app string) entry {
	return entry{"time": nine.Format(time.RFC3339Nano), "event": "login", "reason": "ok", "record_id": uuid.NewString(), "app_id": app, "trading_day": fmt.Sprint(day)}
}

func write(t *testing.T, name string, lines ...entry) string {
	t.Helper()
	var b bytes.Buffer
	for _, l := range lines {
		text, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(text, '\n'))
	}
	content := b.Bytes()
	if strings.HasSuffix(name, ".gz") {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		if _, err := z.Write(content); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		content = out.Bytes()
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func report(t *testing.T, audit ...string) *relayreport.Report {
	t.Helper()
	r, err := relayreport.Run(t.Context(), relayreport.Options{Day: day, Audit: audit, TempDir: t.TempDir(), Now: nine.Add(7 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	for i := range r.Audit {
		r.Audit[i].Path = filepath.Base(r.Audit[i].Path)
	}
	return r
}

func kinds(r *relayreport.Relay) (all []relayreport.RemarkKind) {
	for _, m := range r.Remarks {
		all = append(all, m.Kind)
	}
	return all
}

// TestEachRemark: a hundred good submissions, of which one thing is not good.
func TestEachRemark(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(i int, e entry) []entry
		want  []relayreport.RemarkKind
		check func(r *relayreport.Relay) bool
	}{
		{"good", func(_ int, e entry) []entry { return []entry{e} }, nil, func(r *relayreport.Relay) bool {
			return r.Records == 100 && r.Submitted == 100 && r.Answers == 100 && r.Accounts == 100 && r.AddressesDistinct == 100 && r.PortsDistinct == 100 &&
				r.Age.Least == 0.8 && r.Age.Median == 0.8 && r.Age.Most == 0.8 && r.Age.Buckets[1].Count == 100 && len(r.Operators) == 1 && r.Operators[0].Count == 100
		}},
		{"one address for many", func(i int, e entry) []entry {
			if i%5 == 0 {
				return []entry{e.but("terminal_address", "203.0.114.9")}
			}
			return []entry{e}
		}, []relayreport.RemarkKind{relayreport.OneAddress}, func(r *relayreport.Relay) bool {
			a := r.Addresses[0]
			return a.Name == "203.0.114.9" && a.Accounts == 20 && a.AccountsShare == 0.2 && r.AddressesDistinct == 81 && len(r.Addresses) == 10
		}},
		{"a private address", func(i int, e entry) []entry {
			if i == 7 {
				return []entry{e.but("terminal_address", "192.168.0.1")}
			}
			return []entry{e}
		}, []relayreport.RemarkKind{relayreport.NotPublic}, func(r *relayreport.Relay) bool { return r.NotPublic == 1 && r.NotPublicShare == 0.01 }},
		{"a sample's port", func(i int, e entry) []entry {
			if i < 10 {
				return []entry{e.but("terminal_port", 51305)}
			}
			return []entry{e}
		}, []relayreport.RemarkKind{relayreport.EqualPorts}, func(r *relayreport.Relay) bool {
			return r.Ports[0].Name == "51305" && r.Ports[0].Records == 10 && r.PortsDistinct == 91
		}},
		{"a clock ahead", func(i int, e entry) []entry {
			if i < 2 {
				return []entry{e.but("terminal_login_time", nine.Add(time.Duration(i+30)*time.Second).Format(regulation.TimeLayout))}
			}
			return []entry{e}
		}, []relayreport.RemarkKind{relayreport.ClockAhead}, func(r *relayreport.Relay) bool {
			return r.Age.Least == -29.2 && r.Age.Buckets[0].Count == 2
		}},
		{"sent again and answered again", func(_ int, e entry) []entry {
			return []entry{e, e.but("reason", "resubmitted", "time", nine.Add(time.Hour).Format(time.RFC3339Nano), "front_id", 2)}
		}, nil, func(r *relayreport.Relay) bool {
			return r.Records == 100 && r.Answers == 200 && r.Age.Most == 0.8 && r.ReReported == 0
		}},
		{"the same terminals under new SubmitIDs", func(i int, e entry) []entry {
			return []entry{e, e.but("record_id", recordID(500+i), "time", nine.Add(2*time.Hour).Format(time.RFC3339Nano))}
		}, []relayreport.RemarkKind{relayreport.ReReported}, func(r *relayreport.Relay) bool {
			return r.Records == 200 && r.ReReported == 100 && r.Accounts == 100 && r.TimeMoved == 0 && r.Age.Buckets[6].Count == 100
		}},
		{"the same terminals with the time of the report", func(i int, e entry) []entry {
			later := nine.Add(2 * time.Hour)
			return []entry{e, e.but("record_id", recordID(500+i), "time", later.Format(time.RFC3339Nano), "terminal_login_time", later.Format(regulation.TimeLayout))}
		}, []relayreport.RemarkKind{relayreport.TimeMoved}, func(r *relayreport.Relay) bool { return r.TimeMoved == 100 && r.ReReported == 0 }},
		{"a ciphertext of another", func(i int, e entry) []entry {
			if i < 3 {
				return []entry{e.but("terminal_problem", "terminal_info_replayed", "flag", "3"), e.but("record_id", recordID(700+i), "terminal_problem", "terminal_info_replayed", "flag", "3", "terminal_port", 1+i)}
			}
			return []entry{e}
		}, []relayreport.RemarkKind{relayreport.OneCiphertext, relayreport.AbnormalFlags}, func(r *relayreport.Relay) bool {
			return r.Replayed == 6 && r.ReplayedAccounts == 3 && r.Flags[3].Count == 6
		}},
		{"software that no direct login has", func(i int, e entry) []entry {
			if i < 4 {
				return []entry{e.but("app_id", "client_odd_2.0")}
			}
			return []entry{e}
		}, []relayreport.RemarkKind{relayreport.NeverDirect}, func(r *relayreport.Relay) bool {
			return len(r.NeverDirect) == 1 && r.NeverDirect[0] == relayreport.Named{Name: "client_odd_2.0", Count: 4, Share: 0.04}
		}},
		{"software that is not admitted", func(i int, e entry) []entry {
			if i < 4 {
				return []entry{e.but("terminal_app", "terminal_app_unknown")}
			}
			return []entry{e}
		}, []relayreport.RemarkKind{relayreport.UnlistedApps}, func(r *relayreport.Relay) bool { return r.Unlisted == 4 }},
		{"logins of the day before", func(_ int, e entry) []entry {
			return []entry{e.but("terminal_login_time", "2026-01-03 09:00:00")}
		}, []relayreport.RemarkKind{relayreport.OldLogins}, func(r *relayreport.Relay) bool { return r.Age.Buckets[7].Count == 100 }},
		{"orders by telephone", func(_ int, e entry) []entry {
			delete(e, "terminal_address")
			delete(e, "terminal_port")
			return []entry{e}
		}, nil, func(r *relayreport.Relay) bool {
			return r.NoAddress == 100 && r.AddressesDistinct == 0 && r.NotPublic == 0
		}},
		{"refused, of another day, an operator's own login", func(i int, e entry) []entry {
			own := e.but("event", "login", "record_id", recordID(900+i))
			delete(own, "terminal_login_time")
			return []entry{e, e.but("reason", "out_of_scope", "record_id", recordID(600+i)), e.but("trading_day", "20260106", "record_id", recordID(800+i)), own}
		}, nil, func(r *relayreport.Relay) bool { return r.Records == 100 }},
		{"many-to-many", func(_ int, e entry) []entry {
			delete(e, "operator")
			return []entry{e.but("event", "login", "relay_mode", "2")}
		}, nil, func(r *relayreport.Relay) bool { return r.LoggedIn == 100 && r.Submitted == 0 && len(r.Operators) == 0 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines := []entry{direct("client_demo_1.0")}
			for i := range 100 {
				lines = append(lines, c.spoil(i, submitted(i))...)
			}
			rand.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
			half := len(lines) / 2
			r := report(t, write(t, "a.jsonl", lines[:half]...), write(t, "b.jsonl.1.gz", lines[half:]...))
			if len(r.Relays) != 1 || len(r.Warnings) != 0 || r.Direct != 1 {
				t.Fatalf("%+v", r)
			}
			one := &r.Relays[0]
			if !slices.Equal(kinds(one), c.want) || !c.check(one) {
				t.Errorf("%v, want %v: %+v", kinds(one), c.want, one)
			}
			for _, m := range one.Remarks {
				if strings.Contains(m.Chinese+m.English, "%!") {
					t.Errorf("%+v", m)
				}
			}
		})
	}
}

// TestCopiesOfLines: lines that two files have count once; torn and foreign lines are told.
func TestCopiesOfLines(t *testing.T) {
	var lines []entry
	for i := range 50 {
		lines = append(lines, submitted(i), submitted(i).but("record_id", recordID(100+i), "relay_app_id", "other_relay_1.0", "account", fmt.Sprint(i)))
	}
	a, b := write(t, "a.jsonl", lines...), write(t, "b.jsonl", lines[40:]...)
	f, err := os.OpenFile(b, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("garbage\n" + `{"time":"2026-01-05T09`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	r := report(t, a, b)
	if len(r.Relays) != 2 || r.Records != 100 || r.Relays[0].RelayAppID != "abcdef_relay_1.6.0" || r.Relays[1].Answers != 50 || r.Relays[1].Accounts != 50 {
		t.Errorf("%+v", r)
	}
	if r.Audit[1].Bad != 1 || r.Audit[1].Torn != 1 || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "1 lines cannot be read") {
		t.Errorf("%+v, %q", r.Audit, r.Warnings)
	}
	if _, err := relayreport.Run(t.Context(), relayreport.Options{Day: day, Audit: []string{a, a}}); err == nil || !strings.Contains(err.Error(), "the same file") {
		t.Errorf("one file twice: %v", err)
	}
	if r := report(t, write(t, "none.jsonl", direct("x"))); len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "no login through a relay") {
		t.Errorf("%q", r.Warnings)
	}
}

// sample is a relay with something of everything.
func sample(t *testing.T) *relayreport.Report {
	t.Helper()
	lines := []entry{direct("client_demo_1.0")}
	for i := range 200 {
		e := submitted(i)
		switch {
		case i < 30:
			e = e.but("terminal_address", "127.0.0.1", "terminal_port", 65535)
		case i < 32:
			e = e.but("app_id", "厂商_<b>_1.0", "terminal_address", "240e:390::1")
		case i < 40:
			e = e.but("event", "login", "relay_app_id", "many_relay_2.0", "relay_mode", "2", "operator", "")
		}
		lines = append(lines, e)
	}
	for i := range 60 {
		lines = append(lines, submitted(100+i).but("record_id", recordID(500+i), "time", nine.Add(3*time.Hour).Format(time.RFC3339Nano)))
	}
	return report(t, write(t, "audit.jsonl", lines...))
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from what is written now (go test -update shows how, in git diff):\n%s", path, got)
	}
}

// outside is what would make a browser fetch or run something.
var outside = regexp.MustCompile(`(?i)https?:|<script|<link|<iframe|<object|<embed|<img|\bsrc\s*=|\bhref\s*=|@import|url\(|\son\w+\s*=`)

func TestForms(t *testing.T) {
	r := sample(t)
	var text, html bytes.Buffer
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteHTML(&html); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "sample.text", text.Bytes())
	golden(t, "sample.html", html.Bytes())
	golden(t, "sample.json", append(asJSON, '\n'))
	if found := outside.FindAllString(html.String(), -1); found != nil || strings.Contains(html.String(), "<b>") {
		t.Errorf("the page needs more than itself, or does not escape: %q", found)
	}
	if nulls := regexp.MustCompile(`"\w+": null`).FindAll(asJSON, -1); nulls != nil {
		t.Errorf("%s", nulls)
	}
}
