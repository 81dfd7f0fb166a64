package statuspage

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/tradefront/tradefront/internal/chinese"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/show"
)

//go:embed page.html
var pageSource string

//go:embed style.css
var style string

// policy admits the page's own style and nothing else.
var policy = "default-src 'none'; style-src 'sha256-" + digest(style) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// pages parses at first use: most commands of the program show no page.
var pages = sync.OnceValue(func() map[show.Language]*template.Template {
	return map[show.Language]*template.Template{
		show.English: parsed(show.English), show.Chinese: parsed(show.Chinese),
	}
})

func parsed(language show.Language) *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{
		"t": func(name string) (string, error) {
			p, known := texts[name]
			if !known {
				return "", fmt.Errorf("no text %q", name)
			}
			return p.in(language), nil
		},
		"say": func(sentence any) string {
			if language == show.Chinese {
				return chinese.Of(fmt.Sprint(sentence))
			}
			return fmt.Sprint(sentence)
		},
		"word":    func(set, word string) string { return Word(set, word, language) },
		"n":       number,
		"time":    show.Time,
		"minute":  func(t time.Time) string { return t.In(regulation.Zone).Format("2006-01-02 15:04") },
		"since":   func(now, then time.Time) string { return max(0, now.Sub(then)).Round(time.Second).String() },
		"whole":   func(f float64) string { return humanize.Comma(int64(math.Floor(f))) },
		"percent": func(f float64) string { return fmt.Sprintf("%.0f %%", math.Floor(100*f)) },
		"size":    show.Size,
		"step":    func(check string) string { return steps[check].in(language) },
		"near":    near,
		"frontClass": func(state string) string {
			return map[string]string{"running": "good", "silent": "bad", "other life": "bad"}[state]
		},
		"reportClass": func(state string) string {
			return map[string]string{"handed_in": "good", "exported": "warn", "not_exported": "bad"}[state]
		},
	}).Parse(pageSource))
}

// urgentDays is how many days before an end it is no longer a matter of planning.
const urgentDays = 7

// near colours the days that are left of something, which warn from some number on.
func near(days float64, warn int) string {
	switch {
	case days < urgentDays:
		return "bad"
	case days < float64(warn):
		return "warn"
	}
	return ""
}

// number is a count with its thousands set apart.
func number(n any) (string, error) {
	switch n := n.(type) {
	case int:
		return humanize.Comma(int64(n)), nil
	case int64:
		return humanize.Comma(n), nil
	case uint64:
		return humanize.Comma(int64(n)), nil
	}
	return "", fmt.Errorf("%T is no count", n)
}

// page is a snapshot as page.html has it.
type page struct {
	*Snapshot
	view
	Style   template.CSS
	Refresh int
	Failing struct{ Required, Warnings []Check }
	Passing []Check
	Logins  *logins
	Shared  *sharedPart
}

// render writes the page.
func (v view) render(w io.Writer, s *Snapshot) error {
	p := page{Snapshot: s, view: v, Style: template.CSS(style), Refresh: refreshSeconds, Shared: sharedOf(s.Shared)} //nolint:gosec // style.css is ours
	for _, c := range s.Checks {
		switch {
		case c.Ready:
			p.Passing = append(p.Passing, c)
		case c.Required:
			p.Failing.Required = append(p.Failing.Required, c)
		default:
			p.Failing.Warnings = append(p.Failing.Warnings, c)
		}
	}
	slices.SortStableFunc(p.Failing.Warnings, func(a, b Check) int { return cmp.Compare(urgency(a.Name), urgency(b.Name)) })
	if s.Tally != nil {
		p.Logins = loginsOf(s.Tally, s.Day, s.Minute)
	}
	return pages()[v.Language].Execute(w, &p)
}

// Tag is the page's language as HTML names it.
func (p *page) Tag() string { return languageTags[p.Language] }

// OtherLanguage is the address of the page in the other language.
func (p *page) OtherLanguage() string {
	other := show.Chinese
	if p.Language == show.Chinese {
		other = show.English
	}
	return p.link(other, p.Still)
}

// OtherRefresh is the address of the page that is loaded again, or not any more.
func (p *page) OtherRefresh() string { return p.link(p.Language, !p.Still) }

// StateWord is the front's state, which is not serving to a reader whose terminals go elsewhere.
func (p *page) StateWord() string {
	if p.Front.State == Serving && !p.Front.Ready {
		return notReady
	}
	return p.Front.State
}

// longWait is from what age on a record that waits is no longer on its way.
const longWait = time.Minute

// WaitClass colours what waits for PostgreSQL: a moment's records are as they should be.
func (p *page) WaitClass() string {
	l := p.Local
	if l.Pending > 0 && (l.Trouble != "" || p.At.Sub(l.Oldest) >= longWait) {
		return "warn"
	}
	return ""
}

// StateClass colours the front's state.
func (p *page) StateClass() string {
	switch {
	case p.Front.State != Serving:
		return "warn"
	case !p.Front.Ready:
		return "bad"
	}
	return "good"
}

// BannerClass colours what the checks say.
func (p *page) BannerClass() string {
	switch {
	case len(p.Failing.Required) > 0:
		return "bad"
	case len(p.Failing.Warnings) > 0:
		return "warn"
	}
	return "good"
}

// QuarantineKnown reports whether the quarantine could be counted.
func (l *Local) QuarantineKnown() bool { return !math.IsNaN(l.Quarantined) }

// InQuarantine reports whether a record is in it.
func (l *Local) InQuarantine() bool { return l.Quarantined > 0 }
