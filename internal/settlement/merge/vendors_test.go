package merge

import (
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"
)

// Two seats' software may be of two vendors: the manifest names both, which verify goes by.
func TestMergeOfTwoVendors(t *testing.T) {
	main := line(1)
	vendor, _, _ := strings.Cut(main, "@")
	secondary := "ZZ99" + strings.TrimPrefix(line(2), vendor)
	got, err := Merge(t.Context(), Options{Inputs: seats(t, lines(main), lines(secondary)), OutDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(got.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil || !maps.Equal(m.Vendors, map[string]int64{vendor: 1, "ZZ99": 1}) || got.Rows != 2 {
		t.Errorf("%v, %v, %d rows", err, m.Vendors, got.Rows)
	}
}
