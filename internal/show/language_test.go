package show_test

import (
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/show"
)

func TestLanguageOf(t *testing.T) {
	for environ, want := range map[string]show.Language{
		"":                                     show.English,
		"LANG=zh_CN.UTF-8":                     show.Chinese,
		"LANG=zh_CN.UTF-8 LC_ALL=C":            show.English,
		"LANG=en_US.UTF-8 LC_MESSAGES=zh_CN":   show.Chinese,
		"LC_ALL=C TRADEFRONT_LANG=zh":          show.Chinese,
		"LC_ALL= LC_MESSAGES= LANG=zh":         show.Chinese,
		"LANGUAGE=zh LANG=de_DE.UTF-8 HOME=zh": show.English,
	} {
		if got := show.LanguageOf(strings.Fields(environ)); got != want {
			t.Errorf("%q: %s, want %s", environ, got, want)
		}
	}
}
