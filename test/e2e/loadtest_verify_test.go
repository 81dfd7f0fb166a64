package e2e

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/loadtest"
	"github.com/tradefront/tradefront/internal/loadtest/result"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
)

// verifyLoaded compares answers with the store by `loadtest verify`, with the test key, where nothing else may be stored.
func (s *site) verifyLoaded(all []loadtest.Answer) (*result.Proof, error) {
	s.t.Helper()
	var b bytes.Buffer
	for i := range all {
		if err := json.NewEncoder(&b).Encode(&all[i]); err != nil {
			s.t.Fatal(err)
		}
	}
	s.write("all.ndjson", b.Bytes())
	out, err := exec.CommandContext(s.t.Context(), binary, "loadtest", "verify", "-c", s.config, filepath.Join(s.dir, "all.ndjson"), "--exact",
		"--private-key", "1.0="+filepath.Join(s.dir, "private.pem"), "-o", "json").Output()
	var p result.Proof
	if bad := json.Unmarshal(out, &p); bad != nil {
		s.t.Fatalf("%v, %v\n%s", err, bad, out)
	}
	return &p, err
}

// checkLoaded wants the store to have exactly the logins of all answers, and the report a line for each.
func (s *site) checkLoaded(all []loadtest.Answer) {
	s.t.Helper()
	n := int64(len(all))
	p, err := s.verifyLoaded(all)
	if err != nil || p.Answers != n || p.Proven != n || p.Opened != n || p.Others != 0 || p.Faults != 0 {
		s.t.Errorf("%v: %+v, want %d proven", err, p, n)
	}
	lines := 0
	for _, day := range p.Days {
		for _, o := range s.export(day) {
			if lines++; o.terminal() == "" || o.supplement[:1] != "0" {
				s.t.Fatalf("a line that does not open: flag %s, %q", o.supplement[:1], o.terminal())
			}
		}
	}
	if lines != len(all) {
		s.t.Errorf("%d logins were answered, the report has %d lines", len(all), lines)
	}
}

// TestLoadVerifyFindsWhatIsWrong: in the store of a front, one record removed, one doubled and one changed.
func TestLoadVerifyFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	s, d := loadSite(t, "20")
	_, all, err := s.load(d, "--scenario", "churn", "--visits", "20", "--verify", "--private-key", "1.0="+filepath.Join(s.dir, "private.pem"))
	if err != nil || len(all) != 20 {
		t.Fatalf("%v, %d answers", err, len(all))
	}
	d.stop()
	s.checkLoaded(all)
	path := filepath.Join(s.dir, "tradefront.db")
	j, err := journal.Open(t.Context(), path, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	find := func(i int) store.Record {
		r, err := j.Find(t.Context(), uuid.MustParse(all[i].RecordID))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	doubled, changed := find(5), find(9)
	doubled.ID = uuid.Must(uuid.NewV7())
	changed.Account = "LT0000099"
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, i := range []int{2, 9} { // 9 is put again
		id := uuid.MustParse(all[i].RecordID)
		if did, err := db.ExecContext(t.Context(), "DELETE FROM record WHERE record_id = ?", id[:]); err != nil {
			t.Fatal(err)
		} else if n, err := did.RowsAffected(); err != nil || n != 1 {
			t.Fatalf("%d rows, %v", n, err)
		}
	}
	if err := j.Put(t.Context(), []store.Record{doubled, changed}); err != nil {
		t.Fatal(err)
	}
	p, err := s.verifyLoaded(all)
	found := map[result.ProofKind]string{}
	for _, f := range p.First {
		found[f.Kind] = f.RecordID
	}
	// The second record is no answer's either; and the supplement is still about the account that logged in.
	if exit, is := errors.AsType[*exec.ExitError](err); !is || exit.ExitCode() != 1 || p.Proven != 18 || found[result.Missing] != all[2].RecordID ||
		found[result.Changed] != all[9].RecordID || found[result.Supplement] != all[9].RecordID || found[result.Doubled] != doubled.ID.String() || len(found) != 5 {
		t.Errorf("%v: %+v", err, p)
	}
}
