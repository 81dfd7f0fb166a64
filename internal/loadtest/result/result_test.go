package result

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/files"
)

// ran is a run of n logins, of which login i took i milliseconds.
func ran(n int) *Result {
	r := &Result{
		Format: Format, Scenario: "churn", Target: "127.0.0.1:1", Began: time.Unix(1_800_000_000, 0), ElapsedS: 2, Generators: 1,
		Refused: map[string]int{}, Failed: map[string]int{}, Hostile: map[string]int{}, Login: NewLatency(), Service: NewLatency(),
		Steps: []Step{{"connect", NewLatency()}}, Seconds: []Second{{Begun: n, LoggedIn: n}},
		Counts: Counts{Planned: n, Begun: n, LoggedIn: n},
	}
	for i := range n {
		r.Login.Record(time.Duration(i+1) * time.Millisecond)
		r.Service.Record(time.Millisecond)
		r.Steps[0].Latency.Record(time.Microsecond)
	}
	return r
}

func TestAssertions(t *testing.T) {
	r := ran(100)
	r.Counts.Refused, r.Refused["90"], r.Multiple = 2, 2, 2.5
	for text, holds := range map[string]bool{
		"p99<50ms": false, "p50<=51ms": true, "login.p50<1s": true, "service.p99.9<2ms": true, "connect.max<1ms": true, "max>=0.1s": true,
		"errors==0": false, "errors == 2": true, "refused<=2": true, "refused>=2": true, "failed==0": true, "rate>=50": true, "rate>50": false, "multiple>=2": true,
		"error_share<0.05": true, "logged_in==100": true, "late==0": true, "p100<100.5ms": true, "authenticate.p50<1s": false, // it has no time at all
	} {
		all, err := ParseAssertions([]string{text})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		bounds := text == "errors == 2" || text == "refused<=2" || text == "error_share<0.05"
		if r.Judge(all); r.Assertions[0].Holds != holds || r.Good != (holds && bounds) {
			t.Errorf("%s holds: %v (%v), want %v", text, r.Assertions[0].Holds, r.Assertions[0].Value, holds)
		}
	}
	if r.Judge(nil); r.Good {
		t.Error("a run with refusals is good where nothing was asserted")
	}
}

// TestWhatNoAssertionMakesGood: wrong answers of which no assertion speaks, an attacker that was let in, no visit, and an early end.
func TestWhatNoAssertionMakesGood(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Result)
		assert []string
		good   bool
	}{
		"nothing wrong":                       {func(*Result) {}, nil, true},
		"a refusal, a time asserted":          {func(r *Result) { r.Counts.Refused = 1 }, []string{"p99<10s"}, false},
		"a refusal, as many asserted":         {func(r *Result) { r.Counts.Refused = 1 }, []string{"errors<=1"}, true},
		"an attacker in, errors asserted":     {func(r *Result) { r.Counts.Failed, r.Counts.LetIn = 1, 1 }, []string{"errors<100"}, false},
		"no visit":                            {func(r *Result) { *r = *ran(0) }, nil, false},
		"ended early":                         {func(r *Result) { r.EndedEarly = "interrupted" }, nil, false},
		"a session lost, none of it asserted": {func(r *Result) { r.Counts.Lost = 1 }, []string{"rate>0"}, false},
		"a refusal, another part asserted":    {func(r *Result) { r.Counts.Refused = 1 }, []string{"lost==0"}, false},
		"a refusal and a loss, both asserted": {func(r *Result) { r.Counts.Refused, r.Counts.Lost = 1, 1 }, []string{"lost<=1", "refused<2"}, true},
		"a refusal, asserted twice":           {func(r *Result) { r.Counts.Refused, r.Counts.Failed = 1, 1 }, []string{"refused<=1", "refused<9"}, false},
		"a refusal, asserted as the least":    {func(r *Result) { r.Counts.Refused = 1 }, []string{"refused>=1"}, false},
		"no login":                            {func(r *Result) { r.Counts.Refused, r.Counts.LoggedIn = 10, 0 }, []string{"lost==0"}, false},
		"no login, refusals asserted":         {func(r *Result) { r.Counts.Refused, r.Counts.LoggedIn = 10, 0 }, []string{"refused<=10"}, false},
		"attackers alone":                     {func(r *Result) { r.Counts.Hostile, r.Counts.LoggedIn = 10, 0 }, nil, true},
		"no comparison, which was asked for":  {func(r *Result) { r.Unproven = "no store" }, nil, false},
	} {
		all, err := ParseAssertions(test.assert)
		if err != nil {
			t.Fatal(err)
		}
		r := ran(10)
		test.change(r)
		if r.Judge(all); r.Good != test.good {
			t.Errorf("%s: good %v", name, r.Good)
		}
	}
}

// TestAssertionFaults are told all at once.
func TestAssertionFaults(t *testing.T) {
	bad := []string{"p99", "p99<50", "lgoin.max<5ms", "errors<5ms", "p101<1s", "speed>1", "refused.p50<1s", "p50 !< 1s", "user_login.x<1s"}
	_, err := ParseAssertions(append(bad, "errors==0"))
	if err == nil {
		t.Fatal("taken")
	}
	for _, text := range bad {
		if !strings.Contains(err.Error(), `"`+text+`"`) {
			t.Errorf("%s is not named in: %v", text, err)
		}
	}
}

// TestMergeIsTheSum: also through a file.
func TestMergeIsTheSum(t *testing.T) {
	one, two := ran(100), ran(50)
	one.Refused["90"], two.Refused["90"], two.Refused["3"] = 1, 2, 3
	two.Seconds = append(two.Seconds, Second{LoggedIn: 7})
	two.Began = two.Began.Add(-time.Second)
	text, err := json.Marshal(two)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "two.json")
	if err := files.Write(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	read, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := one.Merge(read); err != nil {
		t.Fatal(err)
	}
	if one.Counts.LoggedIn != 150 || one.Refused["90"] != 3 || one.Refused["3"] != 3 || one.Generators != 2 || one.Login.Count() != 150 ||
		one.Steps[0].Latency.Count() != 150 || len(one.Seconds) != 2 || one.Seconds[0].LoggedIn != 50 || one.Seconds[1].LoggedIn != 107 ||
		!one.Began.Equal(two.Began) || one.Login.Quantile(100) < 99.9 {
		t.Errorf("%+v", one)
	}
	if one.IDs = []string{"A"}; one.Merge(&Result{Scenario: one.Scenario, Target: one.Target, Began: one.Began, IDs: []string{"B", "A"}}) == nil {
		t.Error("a run was added to itself")
	}
	late, early := ran(1), ran(1)
	late.Began = late.Began.Add(1900 * time.Millisecond)
	if err := early.Merge(late); err != nil || early.ElapsedS < 3.8 || early.ElapsedS > 4 {
		t.Errorf("%v, %v s together, want 3.9", err, early.ElapsedS)
	}
	long, short := ran(1), ran(1)
	long.ElapsedS, long.Began = 300, long.Began.Add(3*time.Second)
	if err := short.Merge(long); err == nil {
		t.Error("one that began after the other's end is the same run, since it was long")
	}
	three := ran(1)
	three.Scenario = "storm"
	if err := one.Merge(three); err == nil {
		t.Error("two scenarios are one run")
	}
	three.Scenario, three.Began = "churn", three.Began.Add(time.Hour)
	if err := one.Merge(three); err == nil {
		t.Error("two runs, an hour apart, are one")
	}
}

// TestMergeOfAProofWithNone: what the one comparison found stays, and the whole is not proven.
func TestMergeOfAProofWithNone(t *testing.T) {
	for _, disprovedFirst := range []bool{true, false} {
		disproved, other := ran(10), ran(10)
		disproved.Proof = &Proof{Answers: 10, Proven: 9}
		disproved.Proof.Add(Discrepancy{Kind: Missing, RecordID: "x"}, 10)
		one, two := disproved, other
		if !disprovedFirst {
			one, two = other, disproved
		}
		if err := one.Merge(two); err != nil {
			t.Fatal(err)
		}
		if one.Judge(nil); one.Good || one.Proof == nil || one.Proof.Faults != 1 || one.Unproven != partProven || fmt.Sprint(one.Causes) != "[unproven]" {
			t.Errorf("disproved first %v: good %v, %+v, %q, %v", disprovedFirst, one.Good, one.Proof, one.Unproven, one.Causes)
		}
	}
	proven, unproven := ran(10), ran(10)
	proven.Proof, unproven.Unproven = &Proof{Answers: 10, Proven: 10}, "the store does not answer"
	if err := proven.Merge(unproven); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	proven.Judge(nil)
	if proven.Text(&b, "en"); proven.Good || !strings.Contains(b.String(), "not compared with the store  the store does not answer\n") {
		t.Errorf("good %v\n%s", proven.Good, b.String())
	}
}

// TestHistogramIsReadByAnyTool: it is in JSON as in a histogram log, and one that an earlier program wrote in base64 twice is read too.
func TestHistogramIsReadByAnyTool(t *testing.T) {
	l := ran(100).Login
	text, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	var form struct {
		HDR string `json:"hdr"`
	}
	if err := json.Unmarshal(text, &form); err != nil || !strings.HasPrefix(form.HDR, "HISTFAAA") {
		t.Fatalf("%v, %.20s", err, form.HDR)
	}
	twice, err := json.Marshal(map[string]any{"count": 100, "hdr": []byte(form.HDR)})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range [][]byte{text, twice} {
		var read Latency
		if err := json.Unmarshal(text, &read); err != nil || read.Count() != 100 || read.Quantile(50) != l.Quantile(50) {
			t.Errorf("%v, %d times, %.60s", err, read.Count(), text)
		}
	}
}

// TestMergedAssertionsAreKept: results that are merged or read again are held to what they were held to, each once.
func TestMergedAssertionsAreKept(t *testing.T) {
	one, two := ran(10), ran(10)
	for r, texts := range map[*Result][]string{one: {"p99<1s", "errors==0"}, two: {"errors==0", "logged_in>=20"}} {
		all, err := ParseAssertions(texts)
		if err != nil {
			t.Fatal(err)
		}
		r.Judge(all)
	}
	if err := one.Merge(two); err != nil {
		t.Fatal(err)
	}
	all, err := one.Asserted()
	if err != nil {
		t.Fatal(err)
	}
	if one.Judge(all); !one.Good || len(one.Assertions) != 3 || len(one.Causes) != 0 {
		t.Errorf("good %v, %+v, %v", one.Good, one.Assertions, one.Causes)
	}
}

// TestCausesAreNamed: each cause of a bad run, all at once.
func TestCausesAreNamed(t *testing.T) {
	r := ran(10)
	r.Counts.LetIn, r.Counts.Failed, r.EndedEarly = 1, 1, "interrupted"
	all, err := ParseAssertions([]string{"p50<1ms", "login.max<1s", "rate>0"})
	if err != nil {
		t.Fatal(err)
	}
	r.Judge(all)
	if got := fmt.Sprint(r.Causes); got != "[ended_early let_in errors asserted]" || r.Good {
		t.Errorf("%s, good %v", got, r.Good)
	}
	if !r.Assertions[0].IsTime() || r.Assertions[2].IsTime() {
		t.Errorf("which are times: %+v", r.Assertions)
	}
	r = ran(0)
	if r.Judge(nil); fmt.Sprint(r.Causes) != "[no_visit]" {
		t.Errorf("%v", r.Causes)
	}
}

// TestTextHasUnits: a time that was asserted has its unit, and one that was not taken is no 0.
func TestTextHasUnits(t *testing.T) {
	t.Parallel()
	r := ran(10)
	r.Assertions = []Assertion{{Text: "p99<2ms", Value: 35.25}, {Text: "login.p50<2ms"}, {Text: "errors==0", Value: 3}}
	for language, want := range map[string][]string{
		"en": {"asserted  p99<2ms  35.250 ms  FAILS\n", "asserted  login.p50<2ms  not measured  FAILS\n", "asserted  errors==0  3.000  FAILS\n"},
		"zh": {"判定条件  p99<2ms  35.250 ms  不满足\n", "判定条件  login.p50<2ms  没有数据  不满足\n", "判定条件  errors==0  3.000  不满足\n"},
	} {
		var b strings.Builder
		r.Text(&b, language)
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("%s: %q is not in\n%s", language, w, b.String())
			}
		}
	}
}

func TestText(t *testing.T) {
	r := ran(10)
	r.Counts.Failed, r.Failed["no answer: login"], r.Again, r.EndedEarly = 1, 1, map[string]int{"refused by code 90": 2}, Interrupted
	all, err := ParseAssertions([]string{"errors==0"})
	if err != nil {
		t.Fatal(err)
	}
	r.Judge(all)
	for language, want := range map[string][]string{
		"en": {"load test  churn", "logged in 10, failed 1", "  failed  no answer: at login  1\n", "  came again  refused by code 90  2\n", "ended early  interrupted\n", "asserted  errors==0  1.000  FAILS", "FAILED"},
		"zh": {"压力测试  churn", "登录成功 10, 失败 1", "  失败  无应答：用户登录时  1\n", "  再次前来  被拒绝，错误码 90  2\n", "提前结束  操作员中断\n", "判定条件  errors==0  1.000  不满足", "不通过"},
	} {
		var b strings.Builder
		r.Text(&b, language)
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("%s: %q is not in\n%s", language, w, b.String())
			}
		}
	}
}
