package explain_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/explain"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/proxyheader"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/supplement"
)

const recordID = "019b7c1e-5c00-82a5-9c12-7c7d9a77feaf"

// frontLog is what a front writes: a terminal that fails and one that gets in, and an operator relay with two of its
// customers.
const frontLog = `{"time":"2026-01-05T08:59:00.000+08:00","event":"authenticate","reason":"ok","code":0,"app_id":"client_demo_1.0","address":"203.0.113.7","port":50001,"front_id":1,"session_id":3}
{"time":"2026-01-05T08:59:01.000+08:00","event":"login","reason":"wrong_password","code":3,"ref":"4CV33T","app_id":"client_demo_1.0","account":"88888888","address":"203.0.113.7","port":50001,"front_id":1,"session_id":3}
{"time":"2026-01-05T08:59:02.000+08:00","event":"authenticate","reason":"ok","code":0,"app_id":"other_app","address":"203.0.113.9","port":50001,"front_id":1,"session_id":4}
{"time":"2026-01-05T08:59:03.000+08:00","event":"login","reason":"ok","code":0,"app_id":"abcdef_relay_1.6.0","account":"op01","address":"198.51.100.4","port":41022,"front_id":1,"session_id":5}
{"time":"2026-01-05T08:59:04.000+08:00","event":"submit","reason":"ok","code":0,"record_id":"` + recordID + `","app_id":"client_demo_1.0","account":"66666666","address":"198.51.100.4","port":41022,"front_id":1,"session_id":5,"relay_app_id":"abcdef_relay_1.6.0","submit_id":"019b7c1e-5c00-7d4e-8a3b-0123456789ab","terminal_address":"203.0.113.8","terminal_port":50002}
{"time":"2026-01-05T08:59:05.000+08:00","event":"submit","reason":"out_of_scope","code":9,"ref":"7AB44Z","app_id":"client_demo_1.0","account":"77777777","address":"198.51.100.4","port":41022,"front_id":1,"session_id":5,"relay_app_id":"abcdef_relay_1.6.0","submit_id":"019b7c1e-5c01-7d4e-8a3b-0123456789ab","terminal_address":"203.0.113.9","terminal_port":50003}
{"time":"2026-01-05T08:59:05.0`

// agentLog is what the relay's agent writes about the second of them.
const agentLog = `{"time":"2026-01-05T08:59:05.100+08:00","event":"login","reason":"out_of_scope","code":9,"ref":"Q1W2E3","upstream_ref":"7AB44Z","app_id":"client_demo_1.0","account":"77777777","address":"203.0.113.9","port":50003,"front_id":0,"session_id":9}
`

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func look(t *testing.T, key string, o explain.Options) *explain.Result {
	t.Helper()
	o.Key = key
	r, err := explain.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestNotFound: the logs that were read are counted.
func TestNotFound(t *testing.T) {
	t.Parallel()
	logs := []string{file(t, "a", frontLog), file(t, "b", agentLog)}
	for n, want := range map[int]string{1: "ZZZZZZ is in none of 1 audit log: name", 2: "ZZZZZZ is in none of 2 audit logs: name"} {
		if err := look(t, "ZZZZZZ", explain.Options{Audit: logs[:n]}).NotFound(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if err := look(t, "7AB44Z", explain.Options{Audit: logs}).NotFound(); err != nil {
		t.Error(err)
	}
}

// TestReadingEndsAtItsTotal: the logs are read several times, and progress counts each.
func TestReadingEndsAtItsTotal(t *testing.T) {
	t.Parallel()
	noise := strings.Repeat(`{"time":"2026-01-05T08:59:05.100+08:00","event":"logout","reason":"ok","front_id":1,"session_id":77}`+"\n", 5000)
	logs := []string{file(t, "a", frontLog+noise), file(t, "b", agentLog+noise)}
	for _, key := range []string{"7AB44Z", "ZZZZZZ"} {
		calls, last := 0, 0.0
		look(t, key, explain.Options{Audit: logs, Reading: func(done, total int64) {
			calls++
			if last = float64(done) / float64(total); done > total {
				t.Fatalf("%s: %d bytes of %d were read", key, done, total)
			}
		}})
		if calls < 16 || last < 0.9 {
			t.Errorf("%s: %d calls, the last at %.2f of all", key, calls, last)
		}
	}
}

// steps are the entries of all visits, as "session event reason".
func steps(r *explain.Result) string {
	var all []string
	for _, v := range r.Visits {
		for _, e := range v.Entries {
			all = append(all, fmt.Sprintf("%d %s %s", e.SessionID, e.Event, e.Reason))
		}
	}
	return strings.Join(all, ", ")
}

func TestVisits(t *testing.T) {
	front, agent := file(t, "front.jsonl", frontLog), file(t, "agent.jsonl", agentLog)
	both := []string{front, agent, file(t, "copy.jsonl", frontLog)}
	relay := "5 login ok, 5 submit out_of_scope, 9 login out_of_scope"
	for _, c := range []struct{ name, key, want, why string }{
		{"a front's reference", "4CV33T", "3 authenticate ok, 3 login wrong_password", "wrong_password"},
		{"as people write it", " [ref 4cv33t]", "3 authenticate ok, 3 login wrong_password", "wrong_password"},
		{"an agent's reference leads to the front's line", "Q1W2E3", relay, "out_of_scope"},
		{"a front's reference leads to the agent's line", "7AB44Z", relay, "out_of_scope"},
		{"a RecordID", recordID, "5 login ok, 5 submit ok", "ok"},
		{"a SubmitID", "019b7c1e-5c01-7d4e-8a3b-0123456789ab", relay, "out_of_scope"},
		{"nothing", "ZZZZZZ", "", ""},
	} {
		r := look(t, c.key, explain.Options{Audit: both})
		if got := steps(r); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
		if len(r.Visits) > 0 && r.Visits[len(r.Visits)-1].Why.Reason != c.why {
			t.Errorf("%s: the reason is %q, want %q", c.name, r.Visits[len(r.Visits)-1].Why.Reason, c.why)
		}
	}
}

// TestHandbook: each reason that a line can have is explained in both languages.
func TestHandbook(t *testing.T) {
	for _, word := range reason.Words() {
		explained(t, word, fmt.Sprintf(`{"time":"2026-01-05T08:59:01.000+08:00","event":"login","reason":%q,"code":3,"ref":"4CV33T"}`, word))
	}
	for _, f := range ftd.Faults() {
		explained(t, f.Word(), fmt.Sprintf(`{"time":"2026-01-05T08:59:01.000+08:00","event":"malformed","reason":%q,"code":0,"ref":"4CV33T"}`, f.Word()))
	}
	for _, word := range append(proxyFaults(), reason.ProxyUntrusted.String(), reason.ProxyTimeout.String(), reason.TLSRequired.String()) {
		explained(t, word, fmt.Sprintf(`{"time":"2026-01-05T08:59:01.000+08:00","event":"proxy_header","reason":%q,"code":0,"ref":"4CV33T"}`, word))
		if english, chinese := explain.About(word); english.Operator == "" || chinese.Operator == "" {
			t.Errorf("%s: the operator is not told what to do: %+v, %+v", word, english, chinese)
		}
	}
	for p := supplement.NoProblem + 1; p.String() != "invalid"; p++ {
		explained(t, p.String(), fmt.Sprintf(
			`{"time":"2026-01-05T08:59:01.000+08:00","event":"login","reason":"ok","code":0,"ref":"4CV33T","terminal_problem":%q}`, p))
	}
}

// TestAdviceIsForWhoActs: an empty cell of the handbook's tables gives no advice: it does not take that of the cell behind it.
func TestAdviceIsForWhoActs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ word, vendor, operator string }{
		{"unknown_account", "", "account list"},
		{"no_valid_key", "", "urgent"},
		{"no_public_address", "", "health check"},
		{"wrong_password", "do not repeat", ""},
		{"already_logged_in", "one login", ""},
		{"unknown_app", "check spelling", "app add"},
	} {
		english, chinese := explain.About(c.word)
		if !strings.Contains(english.Vendor, c.vendor) || !strings.Contains(english.Operator, c.operator) ||
			(english.Vendor == "") != (c.vendor == "") || (english.Operator == "") != (c.operator == "") ||
			(chinese.Vendor == "") != (c.vendor == "") || (chinese.Operator == "") != (c.operator == "") {
			t.Errorf("%s: %+v, %+v", c.word, english, chinese)
		}
	}
}

// TestWhyNamesTheItem: of an illegal_field the item is told, and of refused terminal information its flaw, with the advice on that.
func TestWhyNamesTheItem(t *testing.T) {
	t.Parallel()
	why := func(rest string) explain.Why {
		line := `{"time":"2026-01-05T08:59:01.000+08:00","ref":"4CV33T",` + rest + "}\n"
		r := look(t, "4CV33T", explain.Options{Audit: []string{file(t, "a.jsonl", line)}})
		return r.Visits[0].Why
	}
	if w := why(`"event":"login","reason":"illegal_field","code":15,"item":"LoginRequest.Remark"`); w.Item != "LoginRequest.Remark" {
		t.Errorf("%+v", w)
	}
	if w := why(`"event":"authenticate","reason":"wrong_answer","code":63,"right_blocks":3`); w.Blocks != 3 {
		t.Errorf("%+v", w)
	}
	w := why(`"event":"login","reason":"terminal_info_refused","code":3,"terminal_problem":"terminal_info_length"`)
	for language, a := range map[string]explain.Advice{"English": w.English, "Chinese": w.Chinese} {
		if !strings.Contains(a.What, "strict") || !strings.Contains(a.What, "terminal_info_length") ||
			!strings.Contains(strings.ToLower(a.Vendor), "base64") || a.Operator == "" {
			t.Errorf("%s: %+v", language, a)
		}
	}
}

func proxyFaults() (words []string) {
	for _, f := range proxyheader.Faults() {
		words = append(words, f.Word())
	}
	return words
}

func explained(t *testing.T, word, line string) {
	t.Helper()
	r := look(t, "4CV33T", explain.Options{Audit: []string{file(t, "a.jsonl", line+"\n")}})
	if len(r.Visits) != 1 || r.Visits[0].Why.English.What == "" || r.Visits[0].Why.Chinese.What == "" {
		t.Errorf("%s is not explained: %+v", word, r.Visits)
	}
}

func TestBadKeys(t *testing.T) {
	for _, key := range []string{"", "4CV33", "4CV33I", "019b7c1e", strings.Repeat("A", 7)} {
		if r, err := explain.Run(t.Context(), explain.Options{Key: key, Audit: []string{file(t, "a", frontLog)}}); err == nil {
			t.Errorf("%q is taken: %+v", key, r)
		}
	}
}

// shelf has one record.
type shelf struct{ rec store.Record }

func (s shelf) Find(_ context.Context, id uuid.UUID) (store.Record, error) {
	if id != s.rec.ID {
		return store.Record{}, store.ErrNotFound
	}
	return s.rec, nil
}

func (s shelf) Exports(context.Context, calendar.TradingDay) ([]store.Export, error) {
	return []store.Export{{File: "0001clientinfo20260105.txt"}}, nil
}

func TestRecord(t *testing.T) {
	rec := store.Record{
		ID: uuid.MustParse(recordID), TradingDay: 20260105, LoginTime: time.Date(2026, 1, 5, 8, 59, 4, 0, regulation.Zone),
		Supplement: []byte("supplement of it"), Account: "66666666", Flag: regulation.FlagNormal,
	}
	other := reportfile.Line{VendorID: "vendor", KeyVersion: "1.0", Supplement: []byte("of another")}
	own := reportfile.Line{VendorID: "vendor", KeyVersion: "1.0", Supplement: rec.Supplement}
	report := file(t, "0001clientinfo20260105.txt", string(other.Append(nil))+"\n"+string(own.Append(nil))+"\n")
	o := explain.Options{Audit: []string{file(t, "front.jsonl", frontLog)}, Records: shelf{rec}, Reports: []string{report}}

	r := look(t, recordID, o)
	if len(r.Records) != 1 || !r.Records[0].Stored || strings.Join(r.Records[0].Lines, ",") != report+":2" {
		t.Errorf("%+v, want the record on line 2 of %s", r.Records, report)
	}
	o.Records = shelf{}
	if r = look(t, recordID, o); len(r.Records) != 1 || r.Records[0].Stored {
		t.Errorf("%+v, want a record that is not stored", r.Records)
	}
	if r = look(t, "4CV33T", o); len(r.Records) != 0 {
		t.Errorf("a refused login has %+v", r.Records)
	}
}

// ledger is a store that has one export of each of these days, and no record.
type ledger []calendar.TradingDay

func (l ledger) Find(context.Context, uuid.UUID) (store.Record, error) {
	return store.Record{}, store.ErrNotFound
}

func (l ledger) Exports(_ context.Context, day calendar.TradingDay) (all []store.Export, _ error) {
	if slices.Contains(l, day) {
		all = []store.Export{{Day: day, File: "f.txt"}}
	}
	return all, nil
}

// TestArchiveByRecordID: of a RecordID that no audit log given has, the archive of its day is named, by the time in it.
func TestArchiveByRecordID(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at       time.Time
		exported ledger
		archived []calendar.TradingDay
		want     string
	}{
		"in the morning":          {time.Date(2026, 1, 5, 10, 0, 0, 0, regulation.Zone), nil, []calendar.TradingDay{20260105, 20260106}, "20260105"},
		"before the close":        {time.Date(2026, 1, 5, 15, 29, 59, 0, regulation.Zone), nil, []calendar.TradingDay{20260105, 20260106}, "20260105"},
		"at the close":            {time.Date(2026, 1, 5, 15, 30, 0, 0, regulation.Zone), nil, []calendar.TradingDay{20260105, 20260106}, "20260106"},
		"over a weekend":          {time.Date(2026, 1, 9, 21, 0, 0, 0, regulation.Zone), nil, []calendar.TradingDay{20260109, 20260112}, "20260112"},
		"its day is in the store": {time.Date(2026, 1, 5, 10, 0, 0, 0, regulation.Zone), ledger{20260105}, []calendar.TradingDay{20260106}, ""},
		"nothing is archived":     {time.Date(2026, 1, 5, 10, 0, 0, 0, regulation.Zone), nil, nil, ""},
	} {
		id := uuid.MustParse("00000000-0000-7d4e-8a3b-0123456789ab")
		var ms [8]byte
		binary.BigEndian.PutUint64(ms[:], uint64(c.at.UnixMilli()))
		copy(id[:6], ms[2:])
		r := look(t, id.String(), explain.Options{
			Audit: []string{file(t, "front.jsonl", frontLog)}, Records: c.exported,
			Archived: func(_ context.Context, day calendar.TradingDay) (names []string, _ error) {
				if slices.Contains(c.archived, day) {
					names = []string{day.String() + ".zip"}
				}
				return names, nil
			},
		})
		if len(r.Records) != 1 || r.Records[0].TradingDay != c.want || (len(r.Records[0].Archived) == 1) != (c.want != "") {
			t.Errorf("%s: %+v, want %q", name, r.Records, c.want)
		}
	}
}

// away fails as a store does that cannot be reached, or whose ledger the role may not read.
type away struct {
	shelf
	find error
}

func (s away) Find(ctx context.Context, id uuid.UUID) (store.Record, error) {
	if s.find != nil {
		return store.Record{}, s.find
	}
	return s.shelf.Find(ctx, id)
}

func (s away) Exports(context.Context, calendar.TradingDay) ([]store.Export, error) {
	return nil, store.ErrDenied
}

// named are archives that have one record.
type named struct{ shelf }

func (n named) Find(ctx context.Context, id uuid.UUID) (store.Record, string, error) {
	rec, err := n.shelf.Find(ctx, id)
	return rec, "a.zip", err
}

// TestStoreThatFails: the visit is shown without the store, and so is the record of an archive; a warning says what is missing,
// and no record is told to be in no store.
func TestStoreThatFails(t *testing.T) {
	t.Parallel()
	rec := store.Record{ID: uuid.MustParse(recordID), TradingDay: 20260105}
	gone := errors.New("connection refused")
	denied := func(context.Context, calendar.TradingDay) ([]string, error) { return nil, store.ErrDenied }
	day := strings.ReplaceAll(frontLog, `"account":"66666666"`, `"account":"66666666","trading_day":"20260105"`)
	day = day[:strings.LastIndex(day, "\n")+1] // of the torn line there is a warning of its own
	for name, c := range map[string]struct {
		opt     explain.Options
		failed  error
		records int
	}{
		"opening":              {explain.Options{StoreErr: gone}, gone, 0},
		"opening, an archive":  {explain.Options{StoreErr: gone, Archives: named{shelf{rec}}}, gone, 1},
		"opening, another":     {explain.Options{StoreErr: gone, Archives: named{}}, gone, 0},
		"reading":              {explain.Options{Records: away{find: store.ErrDenied}}, store.ErrDenied, 0},
		"reading, an archive":  {explain.Options{Records: away{find: gone}, Archives: named{shelf{rec}}}, gone, 1},
		"the ledger":           {explain.Options{Records: away{shelf: shelf{rec}}}, store.ErrDenied, 1},
		"the archives' ledger": {explain.Options{Records: shelf{}, Archived: denied}, store.ErrDenied, 1},
	} {
		c.opt.Audit = []string{file(t, "front.jsonl", day)}
		r := look(t, recordID, c.opt)
		if steps(r) != "5 login ok, 5 submit ok" || len(r.Records) != c.records || !errors.Is(r.StoreErr, c.failed) {
			t.Errorf("%s: %s, %+v, %v", name, steps(r), r.Records, r.StoreErr)
		}
		if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], c.failed.Error()) {
			t.Errorf("%s: warnings %q", name, r.Warnings)
		}
	}
}

// TestDamagedLinesAreTold: the line of the key may be one of them, also where another was found.
func TestDamagedLinesAreTold(t *testing.T) {
	t.Parallel()
	path := file(t, "front.jsonl", strings.Replace(frontLog, `"ref":"7AB44Z",`, `"ref":"7AB44Z"`, 1))
	for key, found := range map[string]int{"4CV33T": 1, "7AB44Z": 0} {
		r := look(t, key, explain.Options{Audit: []string{path}})
		if want := path + ":7: no entry (damaged lines of this file: 1)"; found == 1 && (len(r.Warnings) != 1 || r.Warnings[0] != want) {
			t.Errorf("%s: warnings %q, want %q", key, r.Warnings, want)
		}
		if want := path + ":6: no entry (damaged lines of this file: 2)"; found == 0 && (len(r.Warnings) != 1 || r.Warnings[0] != want) {
			t.Errorf("%s: warnings %q, want %q", key, r.Warnings, want)
		}
		if len(r.Visits) != found {
			t.Errorf("%s: %d visits, want %d", key, len(r.Visits), found)
		}
	}
}

// TestRestart: SessionIDs begin anew when a front is restarted; lines of another day's session are another visit's.
func TestRestart(t *testing.T) {
	later := strings.ReplaceAll(strings.ReplaceAll(frontLog, "2026-01-05", "2026-01-08"), "4CV33T", "000000")
	r := look(t, "4CV33T", explain.Options{Audit: []string{file(t, "a", frontLog[:strings.LastIndex(frontLog, "\n")+1]+later)}})
	if got, want := steps(r), "3 authenticate ok, 3 login wrong_password"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestUnreadable(t *testing.T) {
	if _, err := explain.Run(t.Context(), explain.Options{Key: "4CV33T", Audit: []string{filepath.Join(t.TempDir(), "none")}}); err == nil {
		t.Error("a log that is not there is no error")
	}
	r := look(t, "4CV33T", explain.Options{Audit: []string{file(t, "noise", strings.Repeat("x\n", 20_000)+frontLog)}})
	if len(r.Visits) != 0 || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "no audit log") {
		t.Errorf("%+v, want a warning that it is no audit log", r)
	}
}
