package docs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/doctor"
)

// TestOperationsNamesEveryCheckOfDoctor: the table of the page has each check with its severity, and no other.
func TestOperationsNamesEveryCheckOfDoctor(t *testing.T) {
	_, section, _ := strings.Cut(read(t, "operations.md"), "\n## Doctor\n")
	section, _, _ = strings.Cut(section, "\n## ")
	all := doctor.Checks()
	for name, worst := range all {
		if !strings.Contains(section, fmt.Sprintf("\n| %s | %s | ", name, worst)) {
			t.Errorf("operations.md, Doctor: no line | %s | %s | …", name, worst)
		}
	}
	const heading = 2
	if rows := strings.Count(section, "\n|") - heading; rows != len(all) {
		t.Errorf("operations.md, Doctor: %d checks, want %d", rows, len(all))
	}
}
