package merge

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
)

const (
	day            calendar.TradingDay = 20260105
	reportFileName                     = "0001clientinfo20260105.txt"
)

// line is a good line of a report, without its LF; each n has its own.
func line(n uint64) string {
	l := reportfile.Line{
		VendorID: "TF01", KeyVersion: "1.0",
		Terminal: make([]byte, 256), Supplement: bytes.Repeat([]byte{0, 0xfb}, 128),
	}
	binary.BigEndian.PutUint64(l.Supplement, n)
	return string(l.Append(nil))
}

func lines(all ...string) string { return strings.Join(all, "\n") + "\n" }

// seats writes each content as the report of a seat, in a folder of its own.
func seats(t testing.TB, contents ...string) (paths []string) {
	t.Helper()
	for _, content := range contents {
		path := filepath.Join(t.TempDir(), reportFileName)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// names lists a folder, temporary files included.
func names(t testing.TB, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}
