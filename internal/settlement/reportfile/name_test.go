package reportfile

import "testing"

// An export's supplements are of the same unit and day, and may be merged with it.
func TestParseName(t *testing.T) {
	for name, want := range map[string]Name{
		"x/0001clientinfo20260105.txt":            {"0001", 20260105},
		"clientinfoclientinfo20260105.txt":        {"clientinfo", 20260105},
		"0001clientinfo20260105.supplement-2.txt": {"0001", 20260105},
		"clientinfo20260105.txt":                  {},
		"0001clientinfo20260105.txt.gz":           {},
		"0001clientinfo2026010.txt":               {},
		"0001clientinfo20261305.txt":              {},
		"0001ClientInfo20260105.txt":              {},
		"00-1clientinfo20260105.txt":              {},
	} {
		got, err := ParseName(name)
		if got != want || (err == nil) != (want != Name{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
