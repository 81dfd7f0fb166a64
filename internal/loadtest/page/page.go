package page

import (
	"bytes"
	_ "embed" // the template and the styles
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/tradefront/tradefront/internal/loadtest/result"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/show"
)

// Mark is near the beginning of each page, so that a later one knows what it may replace.
const Mark = `<meta name="generator" content="tradefront loadtest"/>`

// IsPage reports whether a file that begins with head is a page of Write.
func IsPage(head []byte) bool { return bytes.Contains(head, []byte(Mark)) }

// KeepYears is for how long a firm keeps the report.
const KeepYears = 5

//go:embed page.tmpl
var text string

//go:embed page.css
var styles string

// parsed parses at first use: most commands of the program write no page.
var parsed = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(text)) })

// document is what the template gets.
type document struct {
	Styles template.CSS
	First  string // language that is shown at first
	Title  string // in it
	Views  []view // in the order of the buttons
}

// view is the page in one language.
type view struct {
	T                   *words
	R                   *result.Result
	Began               string
	Basis               string
	Causes              []string
	Tiles               []tile
	Assertions          []asserted
	Percentile          chart
	Sent                []fact // nil if nothing was sent after the logins
	SentTitle           string
	RoundTrip, SentRate chart
	Rate                chart
	OverTime            chart
	Bars                []bar
	Attacks             []fact
	Latencies           []row
	Visits              []fact
	Proof               []fact // nil if nothing was compared
	Run, Host           []fact
	Same                bool // front and generator shared the machine
}

// Languages are those that Write takes as the first.
func Languages() []string { return []string{"zh", "en"} }

// Write writes the page of a result that was judged. It has every language; first is the one that is shown until the reader chooses.
func Write(w io.Writer, r *result.Result, first string) error {
	d := document{Styles: template.CSS(styles), First: first} //nolint:gosec // our own styles
	for _, t := range languages {
		d.Views = append(d.Views, viewOf(r, t))
		if t.Lang == first {
			d.Title = t.Title
		}
	}
	if d.Title == "" {
		return fmt.Errorf("a page in language %.20q: want one of %v", first, Languages())
	}
	slices.SortStableFunc(d.Views, func(a, b view) int { return order(a.T.Lang == first) - order(b.T.Lang == first) })
	if err := parsed().Execute(w, &d); err != nil {
		return fmt.Errorf("the page of the result: %w", err)
	}
	return nil
}

func order(first bool) int {
	if first {
		return 0
	}
	return 1
}

func viewOf(r *result.Result, t *words) view {
	v := view{
		T: t, R: r, Began: show.Time(r.Began),
		Basis:      fmt.Sprintf(t.Basis, r.Began.In(regulation.Zone).AddDate(KeepYears, 0, 0).Format("2006-01-02")),
		Causes:     causes(r, t),
		Tiles:      tiles(r, t),
		Assertions: assertions(r, t),
		Percentile: ofLogins(r, t),
		Rate:       rateOverTime(r, t),
		OverTime:   overTime(r, t),
		Bars:       errorBars(r, t),
		Attacks:    attacks(r, t),
		Latencies:  latencies(r, t),
		Visits:     visits(r, t),
		Proof:      proof(r.Proof, t),
		Run:        run(r, t),
		Host:       host(r, t),
		Same:       sharesMachine(r),
	}
	if r.Requests != nil {
		v.Sent, v.SentTitle = requests(r.Requests, t), t.RequestsTitle[r.Scenario]
		v.RoundTrip, v.SentRate = byPercentile(t.RequestsByPercentile, r.Step("request"), r.Step("request_service"), t), requestsOverTime(r, t)
	}
	return v
}

// attacks are the visits of attackers that got what they must get, by their kind.
func attacks(r *result.Result, t *words) []fact {
	var facts []fact
	for _, kind := range slices.Sorted(maps.Keys(r.Hostile)) {
		facts = append(facts, fact{Name: t.failure(kind), Value: count(r.Hostile[kind])})
	}
	return facts
}
