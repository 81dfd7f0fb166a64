package relayreport

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
	return template.Must(template.New("page").Funcs(template.FuncMap{
		"both": chinese.Both, "percent": percent, "span": span, "orElse": orElse, "bar": func(share float64) float64 { return max(100*share, 0.5) },
	}).Parse(pageSource))
})

// WriteHTML writes the report as one page that needs nothing else: no script, no link.
func (r *Report) WriteHTML(w io.Writer) error { return page().Execute(w, r) }
