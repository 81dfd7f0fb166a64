package docs

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/config"
	corelink "github.com/tradefront/tradefront/internal/core/link"
)

// TestCorePageNamesEveryWord: a core's developer finds each word of a front's log and metrics about the link.
func TestCorePageNamesEveryWord(t *testing.T) {
	page := read(t, "core.md")
	for _, word := range append(corelink.FaultWords(), corelink.DiscardWords()...) {
		if !strings.Contains(page, "`"+word+"`") {
			t.Errorf("core.md does not name %s", word)
		}
	}
}

var coreField = regexp.MustCompile("(?m)^\\| `(0x[0-9A-F]{8})` \\| (\\w+) \\| .* \\| ([0-9][0-9k +]*) \\|$")

// TestCorePagesAgree: the fields of the Chinese page are those of the English one, and so are the messages.
func TestCorePagesAgree(t *testing.T) {
	english, chinese := read(t, "core.md"), read(t, "core.zh-CN.md")
	rows := coreField.FindAllStringSubmatch(english, -1)
	if len(rows) != 17 {
		t.Fatalf("core.md has %d fields", len(rows))
	}
	other := make(map[string][]string)
	for _, row := range coreField.FindAllStringSubmatch(chinese, -1) {
		other[row[1]] = row
	}
	for _, row := range rows {
		if got := other[row[1]]; len(got) == 0 || got[2] != row[2] || got[3] != row[3] {
			t.Errorf("%s %s of %s bytes: core.zh-CN.md has %q", row[1], row[2], row[3], got)
		}
	}
	messages := regexp.MustCompile("(?m)^\\| `0x000090[0-9A-F]{2}` \\| (\\w+) \\|").FindAllStringSubmatch(english, -1)
	if len(messages) < 11+8 { // messages, and fields of their bodies
		t.Fatalf("core.md has %d messages and fields of messages", len(messages))
	}
	for _, message := range messages {
		if !strings.Contains(chinese, message[0]) {
			t.Errorf("core.zh-CN.md lacks %s", message[1])
		}
	}
	items := regexp.MustCompile(`\b[A-Z][A-Za-z]+ [cnsiw][0-9]+\b`)
	tables, _, _ := strings.Cut(english, "## 4.")
	if e, c := items.FindAllString(tables, -1), items.FindAllString(chinese, -1); len(e) == 0 || !contains(c, e) {
		t.Errorf("core.zh-CN.md lacks an item of %q", e)
	}
}

// TestCorePageAndHeader: the functions of the header that both pages name are there, and the bound for what a terminal leaves unread is the default.
func TestCorePageAndHeader(t *testing.T) {
	header := read(t, "../include/tradefront_core.h")
	for _, page := range []string{"core.md", "core.zh-CN.md"} {
		text := read(t, page)
		names := regexp.MustCompile("`([a-z_]+)\\(\\)`").FindAllStringSubmatch(text, -1)
		if len(names) < 2 {
			t.Fatalf("%s names %d functions", page, len(names))
		}
		for _, name := range names {
			if !regexp.MustCompile(`(?m)^    bool ` + name[1] + `\(`).MatchString(header) {
				t.Errorf("%s names %s, which the header does not have", page, name[0])
			}
		}
		if unread := config.Default().Limits.OutboundBytes; unread%(1<<20) != 0 ||
			!strings.Contains(text, fmt.Sprintf("| %d MiB | `limits.outbound_bytes` |", unread>>20)) {
			t.Errorf("%s does not say that a terminal may leave %d bytes unread", page, unread)
		}
	}
}

// contains reports whether all holds each of some.
func contains(all, some []string) bool {
	have := make(map[string]bool)
	for _, s := range all {
		have[s] = true
	}
	for _, s := range some {
		if !have[s] {
			return false
		}
	}
	return true
}
