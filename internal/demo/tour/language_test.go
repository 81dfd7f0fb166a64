package tour

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/tradefront/tradefront/internal/show"
)

var (
	// printed are the texts that the tour prints by their formats.
	printed = regexp.MustCompile(`t\.(?:say|heading|in|try)\(("(?:[^"\\]|\\.)*")`)
	verbs   = regexp.MustCompile(`%[.\d]*[a-z]`)
	letters = regexp.MustCompile(`[A-Za-z]{3,}`)
)

// TestCatalogIsWhole: each sentence, heading and header of the tour has its Chinese, with the same arguments in the same order.
func TestCatalogIsWhole(t *testing.T) {
	t.Parallel()
	found := 0
	for _, file := range []string{"machine.go", "print.go", "tour.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range printed.FindAllStringSubmatch(string(source), -1) {
			english := strings.NewReplacer(`\t`, "\t", `\n`, "\n", `\"`, `"`).Replace(m[1][1 : len(m[1])-1])
			if !letters.MatchString(verbs.ReplaceAllString(english, "")) || isHan(english) {
				continue
			}
			found++
			if inChinese[english] == "" {
				t.Errorf("%s: inChinese lacks %q", file, english)
			}
		}
	}
	if found < 25 {
		t.Errorf("only %d texts were found in the source: it is written otherwise now", found)
	}
	for english, chinese := range inChinese {
		if !slices.Equal(verbs.FindAllString(english, -1), verbs.FindAllString(chinese, -1)) || !isHan(chinese) {
			t.Errorf("%q is not as %q", chinese, english)
		}
		if strings.Count(english, "\t") != strings.Count(chinese, "\t") {
			t.Errorf("%q has other columns than %q", chinese, english)
		}
	}
	for code, word := range codeWords {
		if inChinese[word] == "" {
			t.Errorf("code %d: no Chinese for %q", code, word)
		}
	}
	for way, word := range wayWords {
		if inChinese[word] == "" {
			t.Errorf("way %d: no Chinese for %q", way, word)
		}
	}
}

// TestTheTourInChinese: who reads Chinese sees every heading in it, and the verdict.
func TestTheTourInChinese(t *testing.T) {
	t.Parallel()
	tour, out := newTour("")
	tour.Language, tour.Logins = show.Chinese, 30
	if err := tour.Run(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, "== ") && !isHan(line) {
			t.Errorf("a heading in English: %s", line)
		}
	}
	if text := out.String(); !strings.Contains(text, "已应答而未报送 0 次\n") || !strings.Contains(text, "\n合计 ") ||
		!strings.Contains(text, "：前置 1 在 127.0.0.1:") || strings.Contains(text, "accepts connections") {
		t.Errorf("no verdict in Chinese:\n%s", text)
	}
}

func isHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}
