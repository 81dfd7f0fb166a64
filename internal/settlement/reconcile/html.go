package reconcile

import (
	_ "embed"
	"html/template"
	"io"
	"sync"

	"github.com/tradefront/tradefront/internal/chinese"
)

//go:embed page.html
var pageSource string

var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{"both": chinese.Both}).Parse(pageSource))
})

// shownOnPage is how many differences of a kind the page names; the JSON has Options.Limit of them. Those after the first
// shownOpen are behind a click, so that a reader sees each kind.
const (
	shownOnPage = 50
	shownOpen   = 8
)

// WriteHTML writes the result as one page that needs nothing else: no script, no link.
func (r *Result) WriteHTML(w io.Writer) error { return page().Execute(w, pageData{r}) }

type pageData struct{ *Result }

// Good reports whether there is no fault.
func (d pageData) Good() bool { return d.Faults() == 0 }

// Tables are the differences with their texts.
func (d pageData) Tables() (all []pageTable) {
	for _, found := range d.Differences() {
		first := found.First[:min(shownOnPage, len(found.First))]
		open := min(shownOpen, len(first))
		all = append(all, pageTable{found, FactsOf(found.Kind), first[:open], first[open:], found.Total - int64(len(first))})
	}
	return all
}

type pageTable struct {
	Differences
	Words  KindFacts
	Few    []Difference
	Others []Difference
	More   int64
}
