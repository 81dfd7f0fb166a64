package robustness

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/test/site"
)

// shortOpened is of how many lines report verify opens both ciphertexts in the short form: 2 ms each. The checker has opened the
// supplement of each record and compared the terminal's ciphertext with what was sent; a line is its record, byte for byte.
const shortOpened = 500

// lines are those that some report must have, and how often.
type lines map[string]int

func linesOf(records map[uuid.UUID]store.Record) lines {
	all := lines{}
	for _, rec := range records {
		all[lineKey(rec.Supplement, rec.Terminal)]++
	}
	return all
}

// lineKey tells two lines apart: a supplement has always the same length.
func lineKey(supplement, terminal []byte) string { return string(supplement) + string(terminal) }

// take takes the lines of a report out of those that must be in some report, and counts them.
func (l lines) take(t *testing.T, path string) (n int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	scan := bufio.NewScanner(f)
	for ; scan.Scan(); n++ {
		line, err := reportfile.ParseLine(scan.Bytes())
		if err != nil {
			t.Fatalf("%s line %d: %v", path, n+1, err)
		}
		key := lineKey(line.Supplement, line.Terminal)
		if l[key]--; l[key] < 0 {
			t.Errorf("%s line %d is no record, or one that was reported before", path, n+1)
		}
	}
	if err := scan.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

// export exports a day and has its report verified, with the private key if opened.
func export(t *testing.T, s *site.Site, day string, opened bool) (path string) {
	t.Helper()
	var done struct{ Path string }
	out := s.CLI("", "report", "export", "--partial", "--day", day, "--out", s.Dir, "-o", "json")
	if err := json.Unmarshal([]byte(out), &done); err != nil {
		t.Fatal(err)
	}
	key := ""
	if opened {
		key = "1.0=" + filepath.Join(s.Dir, "private.pem")
	}
	s.Verified(done.Path, key)
	return done.Path
}

// reported exports each day that has records, has it verified and reconciled with the fronts' audit logs, and compares its lines
// with the records. It returns how many lines there are, in which files.
func reported(t *testing.T, s *site.Site, records map[uuid.UUID]store.Record, audits ...string) (n int, paths []string) {
	t.Helper()
	all, days := linesOf(records), map[calendar.TradingDay]bool{}
	for _, rec := range records {
		days[rec.TradingDay] = true
	}
	for day := range days {
		path := export(t, s, day.String(), *duration > 0 || len(records) <= shortOpened)
		args := []string{"reconcile", "--day", day.String(), "--report", path}
		for _, audit := range audits {
			args = append(args, "--audit", audit)
		}
		s.CLI("", args...)
		n += all.take(t, path)
		paths = append(paths, path)
	}
	for _, left := range all {
		if left != 0 {
			t.Errorf("%d records are in no report", left)
		}
	}
	return n, paths
}
