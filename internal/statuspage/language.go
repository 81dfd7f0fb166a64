package statuspage

import (
	"strconv"
	"strings"

	"github.com/tradefront/tradefront/internal/show"
)

// languageOf is the one that was chosen by name, else the one that the browser prefers (Accept-Language), else English.
func languageOf(chosen, accept string) show.Language {
	switch l := show.Language(chosen); l {
	case show.English, show.Chinese:
		return l
	}
	best, weight := show.English, 0.0
	for part := range strings.SplitSeq(accept, ",") {
		tag, q, _ := strings.Cut(part, ";")
		language, known := languageOfTag(strings.TrimSpace(tag))
		if w := weightOf(q); known && w > weight {
			best, weight = language, w
		}
	}
	return best
}

func languageOfTag(tag string) (show.Language, bool) {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	switch primary {
	case "zh":
		return show.Chinese, true
	case "en":
		return show.English, true
	}
	return "", false
}

// weightOf is 1 if none is given, and 0 for one that cannot be read.
func weightOf(q string) float64 {
	value, given := strings.CutPrefix(strings.TrimSpace(q), "q=")
	if !given {
		return 1
	}
	w, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return 0
	}
	return w
}
