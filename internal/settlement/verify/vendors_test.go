package verify

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"testing"
)

// The one file of main and secondary seats holds the lines of two vendors' software. A vendor that the
// merge did not read is a fault, and so is a second one in a file of one seat.
func TestTwoVendorsOfAMergedFile(t *testing.T) {
	s := newSealer()
	content := s.good() + strings.Replace(s.good(), "TF01", "TF02", 1)
	for _, c := range []struct {
		name, manifest string
		want           []string
		problem        string
		vendors        string
	}{
		{"merged", `"kind": "merged", "vendor_ids": {"TF01": 1, "TF02": 1}`, nil, "", "TF01, TF02"},
		{"merged, of others", `"kind": "merged", "vendor_ids": {"TF01": 1, "TF03": 1}`, []string{"vendor_other:2"}, "want TF01 or TF03", "TF01, TF03"},
		{"merged by an older program", `"kind": "merged"`, []string{"vendor_other:2"}, "want TF01", "TF01"},
		{"of one seat", `"kind": "full", "vendor_ids": {"TF01": 1, "TF02": 1}`, []string{"vendor_other:2"}, "want TF01", "TF01"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := options(t, write(t, reportName, content), nil)
			manifest := fmt.Sprintf(`{"rows": 2, "sha256": "%x", %s}`, sha256.Sum256([]byte(content)), c.manifest)
			if err := os.WriteFile(o.Path+".manifest.json", []byte(manifest), 0o600); err != nil {
				t.Fatal(err)
			}
			r := mustVerify(t, o)
			expect(t, r, c.want, c.problem)
			if r.File.VendorID != c.vendors {
				t.Errorf("vendors %q, want %q", r.File.VendorID, c.vendors)
			}
		})
	}
}

// vendor_id may be changed within a day: a record keeps the one of its login, and who verifies names both. Another one is a fault as before.
func TestVendorIDThatWasChanged(t *testing.T) {
	s := newSealer()
	content := s.good() + strings.Replace(s.good(), "TF01", "TF02", 1)
	for _, c := range []struct {
		vendors []string
		want    []string
		problem string
	}{
		{[]string{"TF01", "TF02"}, nil, ""},
		{[]string{"TF02", "TF01", "TF02", ""}, nil, ""},
		{[]string{"TF01", "TF03"}, []string{"vendor_other:2"}, "want TF01 or TF03"},
		{nil, []string{"vendor_other:2"}, "want TF01"},
	} {
		o := options(t, write(t, reportName, content), nil)
		o.VendorIDs = c.vendors
		expect(t, mustVerify(t, o), c.want, c.problem)
	}
}
