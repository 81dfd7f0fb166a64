package auditsearch_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/tradefront/tradefront/internal/auditlog"
	"github.com/tradefront/tradefront/internal/auditsearch"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/show"
)

const recordID = "019b7c1e-5c00-82a5-9c12-7c7d9a77feaf"

// at is a time of the fifth of January 2026.
func at(clock string) time.Time {
	t, err := time.ParseInLocation(regulation.TimeLayout, "2026-01-05 "+clock, regulation.Zone)
	if err != nil {
		panic(err)
	}
	return t
}

func line(clock, rest string) string {
	return `{"time":"2026-01-05T` + clock + `.000+08:00",` + rest + "}\n"
}

// logs writes files into a folder of their own and gives their paths in the order of their names.
func logs(t *testing.T, content map[string]string) (paths []string) {
	t.Helper()
	folder := t.TempDir()
	for name, text := range content {
		data := []byte(text)
		if strings.HasSuffix(name, ".gz") {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = z.Write(data)
			_ = z.Close()
			data = b.Bytes()
		}
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

// found searches and gives what was found as "session", in its order.
func found(t *testing.T, f auditsearch.Filter, paths ...string) (sessions string, r *auditsearch.Result) {
	t.Helper()
	var all []string
	r, err := auditsearch.Run(t.Context(), auditsearch.Options{Filter: f, Files: paths, Found: func(e *auditlog.Entry, raw []byte) error {
		var again auditlog.Entry
		if json.Unmarshal(raw, &again) != nil || again.SessionID != e.SessionID || e.Where == "" {
			t.Errorf("%s does not belong to %+v", raw, e)
		}
		all = append(all, fmt.Sprint(e.SessionID))
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != r.Found {
		t.Errorf("%d lines found, %d told", len(all), r.Found)
	}
	return strings.Join(all, " "), r
}

var visit = line("08:59:01", `"event":"login","reason":"wrong_password","code":3,"ref":"4CV33T","app_id":"a_b_1","account":"88888888","address":"203.0.113.7","port":50001,"front_id":1,"session_id":1`) +
	line("08:59:02", `"event":"login","reason":"ok","code":0,"record_id":"`+recordID+`","app_id":"a_b_1","account":"88888888","address":"203.0.113.9","port":50001,"proxy":"198.51.100.9","front_id":1,"session_id":2`) +
	line("08:59:03", `"event":"submit","reason":"out_of_scope","code":9,"ref":"7AB44Z","app_id":"a_b_1","account":"777","address":"198.51.100.4","port":41022,"relay_app_id":"r_s_1","submit_id":"019b7c1e-5c01-7d4e-8a3b-0123456789ab","operator":"op01","terminal_address":"2001:0DB8:0000:0000:0000:0000:0000:0007","terminal_port":5,"front_id":1,"session_id":3`) +
	line("08:59:04", `"event":"malformed","reason":"field_short","code":0,"ref":"AAAAAA","app_id":"quo\"te","address":"2001:db8::9","port":1,"front_id":1,"session_id":4`) +
	line("08:59:05", `"event":"suppressed","reason":"source_rate","code":0,"front_id":1,"session_id":5,"source":"203.0.113.7/32","since":"2026-01-05T08:58:59.913+08:00","lines":25,"reasons":{"unknown_app":20,"wrong_password":5}`) +
	line("08:59:06", `"event":"login","reason":"out_of_scope","code":9,"ref":"Q1W2E3","upstream_ref":"7AB44Z","account":"777","address":"203.0.113.7","port":50003,"front_id":0,"session_id":6`)

// TestBansOfAnAddress: what an operator banned and unbanned is found by an address, whose ban may be that of its network.
func TestBansOfAnAddress(t *testing.T) {
	action := func(clock, command, subject string, session int) string {
		return line(clock, fmt.Sprintf(`"event":"operator_action","reason":"ok","code":0,"front_id":1,"session_id":%d,"by":"a@h","command":%q,"subject":%q`, session, command, subject))
	}
	paths := logs(t, map[string]string{"audit.jsonl": action("08:59:01", "admission ban", "203.0.113.7/32", 1) +
		action("08:59:02", "admission ban", "203.0.112.0/23", 2) + action("08:59:03", "admission unban", "203.0.113.7/32", 3) +
		action("08:59:04", "admission ban", "2001:db8::/64", 4) + action("08:59:05", "app bind", "203.0.113.7/32", 5)})
	for address, want := range map[string]string{
		"203.0.113.7/32": "1 2 3", "203.0.113.8/32": "2", "203.0.113.0/24": "1 2 3", "2001:db8::7/128": "4", "192.0.2.1/32": "",
	} {
		if got, _ := found(t, auditsearch.Filter{Address: netip.MustParsePrefix(address)}, paths...); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

func TestFilters(t *testing.T) {
	paths := logs(t, map[string]string{"audit.jsonl": visit})
	for _, c := range []struct {
		name   string
		filter auditsearch.Filter
		want   string
		hidden int
	}{
		{"all", auditsearch.Filter{}, "1 2 3 4 5 6", 0},
		{"a reference, also a relay agent's line of it", auditsearch.Filter{Ref: "7AB44Z"}, "3 6", 25},
		{"an account", auditsearch.Filter{Account: "88888888"}, "1 2", 25},
		{"a relay operator", auditsearch.Filter{Account: "op01"}, "3", 25},
		{"an AppID", auditsearch.Filter{AppID: "a_b_1"}, "1 2 3", 25},
		{"a relay's AppID", auditsearch.Filter{AppID: "r_s_1"}, "3", 25},
		{"an AppID that JSON escapes", auditsearch.Filter{AppID: `quo"te`}, "4", 25},
		{"an address, with what was counted of it", auditsearch.Filter{Address: netip.MustParsePrefix("203.0.113.7/32")}, "1 5 6", 0},
		{"a network", auditsearch.Filter{Address: netip.MustParsePrefix("203.0.113.8/29")}, "2", 0},
		{"a load balancer", auditsearch.Filter{Address: netip.MustParsePrefix("198.51.100.9/32")}, "2", 0},
		{"a terminal behind a relay, in another form", auditsearch.Filter{Address: netip.MustParsePrefix("2001:db8::7/128")}, "3", 0},
		{"a RecordID", auditsearch.Filter{Record: recordID}, "2", 0},
		{"a SubmitID", auditsearch.Filter{Record: "019b7c1e-5c01-7d4e-8a3b-0123456789ab"}, "3", 0},
		{"a reason, with what was counted of it", auditsearch.Filter{Reasons: []string{"wrong_password"}}, "1 5", 0},
		{"reasons", auditsearch.Filter{Reasons: []string{"ok", "out_of_scope"}}, "2 3 6", 0},
		{"an event", auditsearch.Filter{Events: []string{"malformed"}}, "4", 25},
		{"account and reason", auditsearch.Filter{Account: "88888888", Reasons: []string{"wrong_password"}}, "1", 5},
		{"since", auditsearch.Filter{Since: at("08:59:04")}, "4 5 6", 0},
		{"until", auditsearch.Filter{Until: at("08:59:04")}, "1 2 3", 0},
		{"a second", auditsearch.Filter{Since: at("08:59:04"), Until: at("08:59:05")}, "4", 0},
		{"nothing", auditsearch.Filter{Ref: "ZZZZZZ", Address: netip.MustParsePrefix("10.0.0.0/8")}, "", 0},
	} {
		got, r := found(t, c.filter, paths...)
		if got != c.want || r.Hidden != c.hidden || r.Damaged != 0 || len(r.Problems) != 0 {
			t.Errorf("%s: %q, %d hidden; want %q, %d; %v", c.name, got, r.Hidden, c.want, c.hidden, r.Problems)
		}
	}
}

func login(clock string, front, session int) string {
	return line(clock, fmt.Sprintf(`"event":"login","reason":"ok","code":0,"account":"1","front_id":%d,"session_id":%d`, front, session))
}

// TestSeveralFronts: rotated and gzipped files of two fronts come out in the order of time.
func TestSeveralFronts(t *testing.T) {
	paths := logs(t, map[string]string{
		"one/audit.jsonl":      login("12:00:00", 1, 5) + login("12:00:02", 1, 7),
		"one/audit.jsonl.1":    login("10:00:00", 1, 3),
		"one/audit.jsonl.2.gz": login("08:00:00", 1, 1),
		"two/audit.jsonl":      login("08:30:00", 2, 2) + login("11:00:00", 2, 4) + login("12:00:01", 2, 6),
	})
	if got, _ := found(t, auditsearch.Filter{}, paths...); got != "1 2 3 4 5 6 7" {
		t.Errorf("the order is %s", got)
	}
	if got, _ := found(t, auditsearch.Filter{}, append(paths, paths...)...); got != "1 2 3 4 5 6 7" {
		t.Errorf("with each file named twice: %s", got)
	}
}

// TestFilesOfOtherTimes: the search reads no file whose successor begins before the time that is looked for, and none that begins
// behind it. A file that is alone of its log is read at any age.
func TestFilesOfOtherTimes(t *testing.T) {
	damage := "damaged\n"
	paths := logs(t, map[string]string{
		"audit.jsonl.3":    login("01:00:00", 1, 1) + damage,
		"audit.jsonl.2.gz": login("05:00:00", 1, 2) + login("08:59:59", 1, 3),
		"audit.jsonl.1":    login("09:00:00", 1, 4) + login("12:00:00", 1, 5),
		"audit.jsonl":      login("18:00:00", 1, 6) + damage,
		"other.jsonl":      login("01:00:00", 2, 7) + damage + login("10:00:00", 2, 8),
	})
	got, r := found(t, auditsearch.Filter{Since: at("08:00:00"), Until: at("13:00:00")}, paths...)
	if got != "3 4 8 5" || r.Files != 5 || r.Damaged != 1 || len(r.Problems) != 1 || !strings.Contains(r.Problems[0], "other.jsonl:2: no entry (damaged lines of this file: 1)") {
		t.Errorf("%s, %+v", got, r)
	}
}

// TestACopyIsNoSuccessor: an operator copied the log under a name that looks like a rotated one's, and the front goes on writing. The copy begins
// when the log does, and the log has lines behind its end.
func TestACopyIsNoSuccessor(t *testing.T) {
	early, late := login("01:00:00", 1, 1), login("12:00:00", 1, 2)
	for _, name := range []string{"audit.jsonl.20260105", "audit.jsonl.1", "audit.jsonl.1.gz", "audit.jsonl-2"} {
		paths := logs(t, map[string]string{"audit.jsonl": early + late + "damaged\n", name: early})
		if got, r := found(t, auditsearch.Filter{Since: at("10:00:00")}, paths...); got != "2" || r.Damaged != 1 {
			t.Errorf("beside %s: %q, %+v", name, got, r)
		}
	}
	// Where no time is near the end it is not known.
	noise := strings.Repeat(strings.Repeat("x", 1000)+"\n", 100)
	paths := logs(t, map[string]string{"audit.jsonl": early + late + noise, "audit.jsonl.1": early})
	if got, r := found(t, auditsearch.Filter{Since: at("10:00:00")}, paths...); got != "2" || r.Damaged != 100 {
		t.Errorf("with a damaged end: %q, %+v", got, r)
	}
}

func TestDamage(t *testing.T) {
	paths := logs(t, map[string]string{
		"audit.jsonl":   strings.Repeat("\x00", 100) + "\n" + login("09:00:00", 1, 1) + strings.Repeat("x", 100_000) + "\n" + login("09:00:01", 1, 2) + `{"time":"2026-01`,
		"none.jsonl.xz": "\xfd7zXZ\x00 and so on",
		"empty.jsonl":   "",
	})
	got, r := found(t, auditsearch.Filter{}, append(paths, "/nowhere/audit.jsonl")...)
	if got != "1 2" || r.Damaged != 3 || r.Files != 2 || len(r.Problems) != 3 {
		t.Errorf("%s, %+v", got, r)
	}
	if !strings.Contains(strings.Join(r.Problems, "\n"), "audit.jsonl:1: no entry (damaged lines of this file: 3)") {
		t.Errorf("%v", r.Problems)
	}
	if _, err := auditsearch.Run(t.Context(), auditsearch.Options{Files: []string{"/nowhere/audit.jsonl"}}); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("no file could be read: %v", err)
	}
}

func TestCutGzip(t *testing.T) {
	var all strings.Builder
	for i := range 2000 {
		all.WriteString(login("09:00:00", 1, i+1))
	}
	path := logs(t, map[string]string{"audit.jsonl.gz": all.String()})[0]
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, r := found(t, auditsearch.Filter{}, path); r.Found == 0 || len(r.Problems) != 1 || !strings.Contains(r.Problems[0], "nothing from there on was read") {
		t.Errorf("%+v", r)
	}
}

// TestManyFiles: more files than may be open at once overlap, and no line is left out.
func TestManyFiles(t *testing.T) {
	content := make(map[string]string)
	for i := range 200 {
		content[fmt.Sprintf("front%d/audit.jsonl", i)] = login("09:00:00", i+1, 1) + login("10:00:00", i+1, 2)
	}
	if _, r := found(t, auditsearch.Filter{}, logs(t, content)...); r.Found != 400 || len(r.Problems) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestFoundEnds(t *testing.T) {
	full := errors.New("the pipe is closed")
	_, err := auditsearch.Run(t.Context(), auditsearch.Options{
		Files: logs(t, map[string]string{"a": visit}), Found: func(*auditlog.Entry, []byte) error { return full },
	})
	if !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
}

// TestAgainstAll compares searches for random filters with what looking at every line gives.
func TestAgainstAll(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	type one struct {
		at      time.Time
		account string
		session int
	}
	var all []one
	content := make(map[string]string)
	session := 0
	for front := range 3 {
		clock := at("00:00:00")
		for file := range 6 {
			var text strings.Builder
			for range 20 {
				session++
				clock = clock.Add(time.Duration(r.IntN(1000)) * time.Second)
				x := one{clock, fmt.Sprint(r.IntN(5)), session}
				all = append(all, x)
				fmt.Fprintf(&text, `{"time":%q,"event":"login","reason":"ok","code":0,"account":%q,"front_id":%d,"session_id":%d}`+"\n",
					x.at.Format("2006-01-02T15:04:05.000Z07:00"), x.account, front+1, x.session)
			}
			content[fmt.Sprintf("f%d/audit.jsonl-%d%s", front, file, []string{"", ".gz"}[r.IntN(2)])] = text.String()
		}
	}
	paths := logs(t, content)
	slices.SortStableFunc(all, func(a, b one) int { return a.at.Compare(b.at) })
	for range 200 {
		f := auditsearch.Filter{Account: []string{"", "1", "3"}[r.IntN(3)]}
		f.Since = at("00:00:00").Add(time.Duration(r.IntN(60_000)) * time.Second)
		if r.IntN(2) == 0 {
			f.Until = f.Since.Add(time.Duration(r.IntN(20_000)) * time.Second)
		}
		want := make(map[string]bool)
		var times []time.Time
		for _, x := range all {
			if !x.at.Before(f.Since) && (f.Until.IsZero() || x.at.Before(f.Until)) && (f.Account == "" || f.Account == x.account) {
				want[fmt.Sprint(x.session)] = true
				times = append(times, x.at)
			}
		}
		got, _ := found(t, f, paths...)
		sessions := make(map[string]bool)
		for _, s := range strings.Fields(got) {
			sessions[s] = true
		}
		if !maps.Equal(want, sessions) {
			t.Fatalf("%+v: %s, want %v at %v", f, got, slices.Sorted(maps.Keys(want)), times)
		}
	}
}

func TestPrinter(t *testing.T) {
	paths := logs(t, map[string]string{"audit.jsonl": visit})
	for lang, want := range map[show.Language][]string{
		show.English: {"2026-01-05 08:59:01.000  1/1     login         wrong_password (3)", "lines 25 (unknown_app 20, wrong_password 5)", "lines found: 6, files read: 1", "2  out_of_scope: "},
		show.Chinese: {"查询号", "找到 6 行", "2  out_of_scope: ", "行数 25 (unknown_app 20, wrong_password 5)", "记录 " + recordID, "中继 "},
	} {
		var b strings.Builder
		p := auditsearch.NewPrinter(&b, lang)
		r, err := auditsearch.Run(t.Context(), auditsearch.Options{Files: paths, Found: func(e *auditlog.Entry, _ []byte) error { return p.Line(e) }})
		if err := errors.Join(err, p.Summary(r)); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("no %q in\n%s", w, b.String())
			}
		}
	}
}

// TestProblemsInTheReadersLanguage: what could not be read is in the language of the table.
func TestProblemsInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	r := &auditsearch.Result{Problems: []string{"a.jsonl:2: no entry (damaged lines of this file: 1)"}}
	for lang, want := range map[show.Language]string{show.English: "  " + r.Problems[0] + "\n", show.Chinese: "  a.jsonl:2：不是审计记录（该文件损坏的行：1 行）\n"} {
		var b strings.Builder
		auditsearch.Problems(&b, r, lang)
		if b.String() != want {
			t.Errorf("%s: %q, want %q", lang, b.String(), want)
		}
	}
}

// TestPrinterShowsNoEscapes: what a terminal sent before it was authenticated moves no cell, makes no row, and no terminal obeys it.
func TestPrinterShowsNoEscapes(t *testing.T) {
	const evil = `a\u001b[2J\nb\tc\u202e`
	paths := logs(t, map[string]string{"audit.jsonl": `{"time":"2026-01-05T08:59:01.000+08:00","event":"authenticate","reason":"` + evil +
		`","code":63,"ref":"` + evil + `","app_id":"` + evil + `","account":"` + evil + `","address":"` + evil + `","by":"` + evil + `","text":"` + evil +
		`","front_id":1,"session_id":1}` + "\n"})
	var b strings.Builder
	p := auditsearch.NewPrinter(&b, show.English)
	r, err := auditsearch.Run(t.Context(), auditsearch.Options{Files: paths, Found: func(e *auditlog.Entry, _ []byte) error { return p.Line(e) }})
	if err := errors.Join(err, p.Summary(r)); err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(rows) != 5 { // the header, the line, an empty one, the number found, its reason
		t.Errorf("%d rows:\n%q", len(rows), rows)
	}
	for _, row := range rows {
		if strings.ContainsFunc(row, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q", row)
		}
	}
	if n := strings.Count(rows[1], `a\x1b[2J\nb\tc\u202e`); n != 7 {
		t.Errorf("%d of 7 values in %s", n, rows[1])
	}
}

func TestMoment(t *testing.T) {
	now := at("10:30:00")
	for text, want := range map[string]string{
		"2026-01-04": "2026-01-04 00:00:00", "2026-01-04 09:00": "2026-01-04 09:00:00", "2026-01-04T09:00:01": "2026-01-04 09:00:01",
		"2026-01-04T01:00:00Z": "2026-01-04 09:00:00", "09:15": "2026-01-05 09:15:00", "09:15:02": "2026-01-05 09:15:02", "2h": "2026-01-05 08:30:00", "90m": "2026-01-05 09:00:00",
	} {
		if got, err := auditsearch.Moment(text, false, now); err != nil || show.Time(got) != want {
			t.Errorf("%s: %v, %v, want %s", text, got, err, want)
		}
	}
	if got, err := auditsearch.Moment("2026-01-04", true, now); err != nil || show.Time(got) != "2026-01-05 00:00:00" {
		t.Errorf("the end of a day: %v, %v", got, err)
	}
	for _, text := range []string{"", "yesterday", "2026-13-01", "-2h", "25:00"} {
		if got, err := auditsearch.Moment(text, false, now); err == nil {
			t.Errorf("%q is taken: %v", text, got)
		}
	}
}
