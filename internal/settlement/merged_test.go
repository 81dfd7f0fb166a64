package settlement

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/settlement/merge"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// seats writes each content as the report of a seat, in a folder of its own.
func seats(t testing.TB, contents ...string) (paths []string) {
	t.Helper()
	for _, content := range contents {
		path := reportPath(t.TempDir(), "")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// seatLine is a report of one line.
func seatLine(n uint64) string {
	r := record(n)
	return string(reportLine(&r).Append(nil)) + "\n"
}

// Neither takes the place of the other: export and merged file.
func TestMergeAndExportKeepApart(t *testing.T) {
	s := openLocal(t, filepath.Join(t.TempDir(), "local.db"))
	put(t, s, storetest.Records(day, 1)...)
	exported, merged := t.TempDir(), t.TempDir()
	mustExport(t, exporter(t, s, exported), store.FullExport)
	before, err := os.ReadFile(reportfile.ManifestName(reportPath(exported, "")))
	if err != nil {
		t.Fatal(err)
	}
	_, err = merge.Merge(t.Context(), merge.Options{Inputs: seats(t, seatLine(1), seatLine(2)), OutDir: exported})
	if err == nil || !strings.Contains(err.Error(), "an export made (full)") || !strings.Contains(err.Error(), "name another folder") {
		t.Errorf("merge over an export: %v", err)
	}
	if after, err := os.ReadFile(reportfile.ManifestName(reportPath(exported, ""))); err != nil || string(after) != string(before) || len(names(t, exported)) != 2 {
		t.Errorf("%s, %v, %v", after, err, names(t, exported))
	}
	// A merged file of one line has the content that the ledger knows of the export.
	in := append(seats(t, ""), reportPath(exported, ""))
	if _, err := merge.Merge(t.Context(), merge.Options{Inputs: in, OutDir: merged}); err != nil {
		t.Fatal(err)
	}
	var foreign *ForeignFileError
	if _, err := exporter(t, s, merged).Export(t.Context(), day, store.FullExport); !errors.As(err, &foreign) || !foreign.Merged {
		t.Errorf("export over a merged file of the same bytes: %v", err)
	}
	if m, err := merge.ReadManifest(reportPath(merged, "")); err != nil || len(m.Inputs) != 2 {
		t.Errorf("the merged file's manifest is gone: %+v, %v", m, err)
	}
	put(t, s, storetest.Records(day, 1)...)
	if _, err := exporter(t, s, merged).Export(t.Context(), day, store.FullExport); !errors.As(err, &foreign) {
		t.Errorf("export over a merged file: %v", err)
	}
	// A report whose manifest was moved away, or cannot be read, may be an export's.
	if err := os.Rename(reportfile.ManifestName(reportPath(exported, "")), filepath.Join(t.TempDir(), "kept")); err != nil {
		t.Fatal(err)
	}
	_, err = merge.Merge(t.Context(), merge.Options{Inputs: seats(t, seatLine(1), seatLine(2)), OutDir: exported})
	if err == nil || !strings.Contains(err.Error(), "is there already, without a manifest") {
		t.Errorf("merge over a report without its manifest: %v", err)
	}
	if err := os.WriteFile(reportfile.ManifestName(reportPath(exported, "")), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = merge.Merge(t.Context(), merge.Options{Inputs: seats(t, seatLine(1), seatLine(2)), OutDir: exported})
	if err == nil || !strings.Contains(err.Error(), "manifest of the file at the place of the result cannot be read") {
		t.Errorf("merge over a damaged manifest: %v", err)
	}
}
