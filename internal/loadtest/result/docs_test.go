package result

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEachSubjectIsExplained in the table of assertions, in both languages.
func TestEachSubjectIsExplained(t *testing.T) {
	t.Parallel()
	for page, heading := range map[string]string{"loadtest.md": "| subject | what |\n", "loadtest.zh-CN.md": "| 对象 | 含义 |\n"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", page))
		if err != nil {
			t.Fatal(err)
		}
		_, table, has := strings.Cut(string(text), heading)
		table, _, ends := strings.Cut(table, "\n\n")
		if !has || !ends {
			t.Fatalf("%s has no table of assertions", page)
		}
		for subject := range numbers {
			if !strings.Contains(table, "`"+subject+"`") {
				t.Errorf("%s lacks %s", page, subject)
			}
		}
	}
}
