package page

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/loadtest/result"
	"github.com/tradefront/tradefront/test/testmain"
)

func TestMain(m *testing.M) { os.Exit(testmain.Run(m)) }

var update = flag.Bool("update", false, "write testdata anew")

// ran is a run of n logins in that many seconds, of which login i took i milliseconds from when it was due.
func ran(n, seconds int) *result.Result {
	r := &result.Result{
		Format: result.Format, IDs: []string{"RUN1"}, Scenario: "storm", Target: "127.0.0.1:41205", Began: time.Unix(1_800_000_000, 0),
		ElapsedS: float64(seconds), Generators: 1, Version: "v1.2.3", ConfigHash: strings.Repeat("ab", 32),
		Parameters: []result.Named{{Name: "rate", Value: "100"}, {Name: "assert", Value: "[p99<200ms]"}},
		Host:       result.Host{CPU: "Test CPU", CPUs: 2, Memory: 8 << 30, Kernel: "6.1.0", Name: "host", MaxOpen: 1024},
		Refused:    map[string]int{}, Failed: map[string]int{}, Hostile: map[string]int{},
		Login: result.NewLatency(), Service: result.NewLatency(),
		Counts: result.Counts{Planned: n, Begun: n, LoggedIn: n, MostOpen: n},
	}
	for _, name := range result.StepNames {
		r.Steps = append(r.Steps, result.Step{Name: name, Latency: result.NewLatency()})
	}
	for i := range n {
		r.Login.Record(time.Duration(i+1) * time.Millisecond)
		r.Service.Record(time.Duration(i/2+1) * time.Millisecond)
		r.Steps[0].Latency.Record(100 * time.Microsecond)
	}
	for i := range seconds {
		r.Seconds = append(r.Seconds, result.Second{Begun: n / seconds, LoggedIn: n / seconds, P50: float64(i + 1), P99: float64(2*i + 2)})
	}
	return r
}

// judged holds r to the assertions.
func judged(t *testing.T, r *result.Result, asserted ...string) *result.Result {
	t.Helper()
	all, err := result.ParseAssertions(asserted)
	if err != nil {
		t.Fatal(err)
	}
	r.Judge(all)
	return r
}

// failed is a run with everything that can go wrong.
func failed(t *testing.T) *result.Result {
	r := ran(200, 4)
	r.EndedEarly = "interrupted"
	r.Refused["90"], r.Refused["8"], r.Refused["4711"] = 30, 2, 1
	r.Failed["no answer: login"], r.Failed["wrong_password got code 90"], r.Failed["force exit 3: session"] = 7, 1, 1
	r.Hostile["wrong_authcode"], r.Hostile["silent"] = 5, 6
	r.Counts.Begun, r.Counts.Refused, r.Counts.Failed, r.Counts.Lost, r.Counts.LetIn, r.Counts.BrokenOff = 1260, 33, 8, 1, 1, 3
	r.Seconds[1].Errors, r.Seconds[2] = 40, result.Second{Begun: 50, Errors: 2}
	r.Peak, r.Multiple = 30, 1.667
	r.Parameters = append(r.Parameters, result.Named{Name: "front-config", Value: `<script>alert("x")</script>&'`})
	r.Proof = &result.Proof{Answers: 200, Proven: 198, Opened: 199, Others: 3, Days: []string{"20270118"}}
	r.Proof.Add(result.Discrepancy{Kind: result.Missing, RecordID: "x"}, 10)
	return judged(t, r, "p99<50ms", "user_login.p50<1s", "logged_in>=200")
}

// traded is a run of scenario orders.
func traded(t *testing.T) *result.Result {
	r := ran(10, 3)
	r.Scenario, r.Requests = "orders", result.NewRequests(300)
	q := r.Requests
	q.Sent, q.Answered, q.Refused, q.Lost, q.ElapsedS, q.RefusedBy["77"] = 300, 290, 6, 4, 3, 6
	for _, name := range result.RequestNames {
		r.Steps = append(r.Steps, result.Step{Name: name, Latency: result.NewLatency()})
	}
	for i := range 290 {
		r.Step("request").Record(time.Duration(i+10) * 10 * time.Microsecond)
		r.Step("request_service").Record(90 * time.Microsecond)
	}
	for i := range r.Seconds {
		r.Seconds[i].Requests = 96
	}
	return judged(t, r, "errors<=10", "request.p99<10ms")
}

// long is a run of two days in which much failed, in many ways.
func long(t *testing.T) *result.Result {
	r := ran(1000, result.MaxSeconds)
	for i := range r.Seconds {
		s := &r.Seconds[i]
		s.Begun, s.LoggedIn, s.Errors, s.P50, s.P99 = i%977, i%577, i%311, float64(i%97)+0.5, float64(i%9973)+0.5
	}
	for i := range 500 {
		r.Failed[fmt.Sprintf("connect: odd error of kind %d", i)] = i + 1
	}
	r.Peak, r.Multiple, r.Counts.Failed = 100, 2, 500*501/2
	return judged(t, r)
}

// runs are results of every kind.
func runs(t *testing.T) map[string]*result.Result {
	t.Helper()
	errorsOnly := ran(0, 1)
	errorsOnly.Counts.Begun, errorsOnly.Counts.Refused, errorsOnly.Refused["90"], errorsOnly.Seconds[0].Errors = 5, 5, 5, 5
	peaked := ran(300, 3)
	peaked.Peak, peaked.Multiple = 40, 2.5
	unproven := ran(3, 1)
	unproven.Unproven = "the store does not answer"
	read := ran(2, 1)
	read.Login, read.Service, read.Steps = result.Latency{}, result.Latency{}, nil // as of a file that lacks them
	return map[string]*result.Result{
		"nothing at all":            judged(t, &result.Result{}),
		"no answer":                 judged(t, ran(0, 0), "p99<1s"),
		"one login in one second":   judged(t, ran(1, 1)),
		"errors only":               judged(t, errorsOnly),
		"good, with a peak":         judged(t, peaked, "p99<1s", "errors==0", "multiple>=2"),
		"all goes wrong":            failed(t),
		"orders":                    traded(t),
		"two days":                  long(t),
		"not compared":              judged(t, unproven),
		"a file without histograms": judged(t, read),
	}
}

func written(t *testing.T, r *result.Result, first string) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r, first); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestPageIsWhole: for any run, the page names no resource outside itself, has no script, is well-formed and bounded.
func TestPageIsWhole(t *testing.T) {
	t.Parallel()
	for name, r := range runs(t) {
		for _, first := range Languages() {
			html := written(t, r, first)
			for _, bad := range []string{"<script", "http://", "https://", "url(", "@import", " src=", " href=", " on", "NaN", "Inf", "%!", "<no value>"} {
				if bad == " on" { // an attribute, not a word
					bad = " onload="
				}
				if strings.Contains(html, bad) {
					t.Errorf("%s, %s: the page has %q", name, first, bad)
				}
			}
			if !strings.Contains(html, `http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;`) &&
				!strings.Contains(html, `http-equiv="Content-Security-Policy" content="default-src 'none'`) {
				t.Errorf("%s, %s: no content security policy", name, first)
			}
			if len(html) > 300<<10 {
				t.Errorf("%s, %s: %d bytes", name, first, len(html))
			}
			wellFormed(t, name, html)
		}
	}
}

func wellFormed(t *testing.T, name, html string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(html)); ; {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Errorf("%s: not well-formed: %v", name, err)
			return
		}
	}
}

// TestPageHasBothLanguages: each with the same tables and charts; the first is the one that is shown and that names the file.
func TestPageHasBothLanguages(t *testing.T) {
	t.Parallel()
	for name, r := range runs(t) {
		zh, en := written(t, r, "zh"), written(t, r, "en")
		if !strings.Contains(zh, "<title>"+chinese.Title) || !strings.Contains(en, "<title>"+english.Title) ||
			!strings.Contains(zh, `id="choose-zh" checked="checked"`) || !strings.Contains(en, `id="choose-en" checked="checked"`) {
			t.Errorf("%s: the first language is not the first", name)
		}
		for _, part := range []string{"<table", "<svg", "<tr>", "<figure", "<h2"} {
			a, b := parts(t, zh, "zh"), parts(t, zh, "en")
			if strings.Count(a, part) != strings.Count(b, part) || strings.Count(a, part) == 0 && part != "<svg" {
				t.Errorf("%s: %d of %s in Chinese, %d in English", name, strings.Count(a, part), part, strings.Count(b, part))
			}
		}
	}
	if err := Write(io.Discard, judged(t, ran(1, 1)), "fr"); err == nil {
		t.Error("a language that the page lacks was taken")
	}
}

// parts is the page's part of a language.
func parts(t *testing.T, html, language string) string {
	t.Helper()
	_, after, has := strings.Cut(html, `<main lang="`+language+`"`)
	part, _, ends := strings.Cut(after, "</main>")
	if !has || !ends {
		t.Fatalf("the page has no part %s", language)
	}
	return part
}

// TestPageEscapes: what the command line and the machine's name are is text.
func TestPageEscapes(t *testing.T) {
	t.Parallel()
	html := written(t, failed(t), "en")
	if !strings.Contains(html, "&lt;script&gt;alert(") || strings.Contains(html, "<script") {
		t.Error("a parameter is markup")
	}
}

// TestPageSays: the texts of the page, as a reader meets them, and where lines are drawn.
func TestPageSays(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*result.Result{"failed": failed(t), "orders": traded(t), "one": judged(t, ran(1, 1))} {
		html := written(t, r, "zh")
		got := texts(t, html)
		path := filepath.Join("testdata", name+".golden")
		if *update {
			if err := files.Write(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := files.Read(path, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: the page says otherwise than %s (-update writes it anew): %s", name, path, firstDifference(got, string(want)))
		}
	}
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return fmt.Sprintf("line %d: %.200q", i+1, a[i])
		}
	}
	return "it ends early"
}

// texts are a page's texts, a line for each element that begins one, with the paths of lines; styles are left out.
func texts(t *testing.T, html string) string {
	t.Helper()
	var b strings.Builder
	skip := false
	for d := xml.NewDecoder(strings.NewReader(html)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			skip = e.Name.Local == "style"
			if slices.Contains([]string{"h1", "h2", "h3", "p", "li", "tr", "figure", "svg", "text", "main"}, e.Name.Local) {
				b.WriteString("\n" + e.Name.Local + ":")
			}
			for _, a := range e.Attr {
				if a.Name.Local == "aria-label" || e.Name.Local == "main" && a.Name.Local == "lang" {
					b.WriteString(" " + a.Value)
				}
				if a.Name.Local == "d" && len(a.Value) < 400 {
					b.WriteString("\npath: " + a.Value)
				}
			}
		case xml.CharData:
			if text := strings.TrimSpace(string(e)); text != "" && !skip {
				b.WriteString(" " + text)
			}
		}
	}
}

// TestWordsAreWhole: each text is there in both languages, with the same places for figures.
func TestWordsAreWhole(t *testing.T) {
	t.Parallel()
	zh, en := reflect.ValueOf(chinese), reflect.ValueOf(english)
	for i := range zh.NumField() {
		name := zh.Type().Field(i).Name
		wholeWords(t, name, zh.Field(i), en.Field(i))
	}
}

func wholeWords(t *testing.T, name string, zh, en reflect.Value) {
	t.Helper()
	switch zh.Kind() {
	case reflect.String:
		if zh.String() == "" || en.String() == "" || strings.Count(zh.String(), "%s") != strings.Count(en.String(), "%s") ||
			strings.Count(zh.String(), "%d") != strings.Count(en.String(), "%d") {
			t.Errorf("%s: %q and %q", name, zh, en)
		}
	case reflect.Map:
		if name == "Failures" { // English says what the result has
			break
		}
		if zh.Len() != en.Len() {
			t.Errorf("%s has %d texts in Chinese and %d in English", name, zh.Len(), en.Len())
		}
		for _, key := range zh.MapKeys() {
			if !en.MapIndex(key).IsValid() {
				t.Errorf("%s: %s is missing in English", name, key)
				continue
			}
			wholeWords(t, name+" "+key.String(), zh.MapIndex(key), en.MapIndex(key))
		}
	case reflect.Slice, reflect.Array:
		for i := range zh.Len() {
			wholeWords(t, name, zh.Index(i), en.Index(i))
		}
	default:
		t.Errorf("%s is a %s", name, zh.Kind())
	}
}
