package statuspage

import (
	"bytes"
	"context"
	"net/http"
	"net/url"

	"github.com/tradefront/tradefront/internal/show"
)

// refreshSeconds is how often the page loads itself again.
const refreshSeconds = 10

// Handler answers with the page of a snapshot, which take makes for each request.
func Handler(take func(context.Context) *Snapshot) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		v := view{
			Language: languageOf(query.Get("lang"), r.Header.Get("Accept-Language")), chosen: query.Has("lang"), Still: query.Get("refresh") == "off",
		}
		var page bytes.Buffer
		if err := v.render(&page, take(r.Context())); err != nil {
			http.Error(w, "the status page cannot be made, report it: "+err.Error(), http.StatusInternalServerError)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Language", languageTags[v.Language])
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("Vary", "Accept-Language")
		_, _ = w.Write(page.Bytes()) // the client may have disconnected
	})
}

// languageTags are the languages as HTML and HTTP name them.
var languageTags = map[show.Language]string{show.English: "en", show.Chinese: "zh-CN"}

// view is how one reader wants the page.
type view struct {
	Language show.Language
	Still    bool // not loaded again
	chosen   bool // the language was chosen by name
}

// link is the page in another way.
func (v view) link(language show.Language, still bool) string {
	q := url.Values{}
	if v.chosen || language != v.Language {
		q.Set("lang", string(language))
	}
	if still {
		q.Set("refresh", "off")
	}
	return "/?" + q.Encode()
}
