package e2e

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/test/await"
)

// TestQuarantineFromAlarmToReport: PostgreSQL refuses one login's record; it is answered,
// readiness, metrics and `front list` show it, its line can be handed in by hand, and once the
// cause is gone it is released into the report, all beside the running front.
func TestQuarantineFromAlarmToReport(t *testing.T) {
	t.Parallel()
	url := firmDatabase(t)
	s := newSite(t, url, "")
	s.addAccount("77777777", "1")
	execute(t, url, "ALTER TABLE record ADD CONSTRAINT mistake CHECK (account <> '77777777')")
	d := s.serve()
	var result client.LoginResult
	for _, user := range []string{account, "77777777"} {
		c, err := d.enter(t, s.apps[0].AuthCode)
		if err != nil {
			t.Fatal(err)
		}
		if result, err = login(t, c, password, func(r *client.LoginRequest) { r.UserID = user }); err != nil {
			t.Fatal(err)
		}
	}
	d.awaitPage(t, "/metrics", "tradefront_quarantined_rows 1")
	d.awaitPage(t, "/readyz", "1 records were refused by PostgreSQL")

	var list []struct {
		RecordID string `json:"record_id"`
		Account  string
		Error    string
		Line     string
	}
	if err := json.Unmarshal([]byte(s.cli("", "quarantine", "list", "-o", "json")), &list); err != nil || len(list) != 1 {
		t.Fatalf("quarantine list: %+v, error %v", list, err)
	}
	if r := list[0]; r.RecordID != result.RecordID || r.Account != "77777777" || !strings.Contains(r.Error, "mistake") {
		t.Errorf("quarantine list: %+v", r)
	}
	await.Every(t, 100*time.Millisecond, "front list to tell of the record in quarantine", func() bool { return s.frontList()[0].Holds == 1 })

	// By hand: the line, merged into the day's report.
	name := "0001clientinfo" + result.TradingDay + ".txt"
	byHand, merged := filepath.Join(s.dir, "by-hand"), filepath.Join(s.dir, "merged")
	for _, dir := range []string{byHand, merged} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	line := s.cli("", "quarantine", "show", result.RecordID, "--line")
	if show := s.cli("", "quarantine", "show", result.RecordID); !strings.Contains(show, line) || !strings.Contains(show, "77777777") {
		t.Errorf("quarantine show: %s", show)
	}
	if err := os.WriteFile(filepath.Join(byHand, name), []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	s.export(result.TradingDay)
	if out, err := exec.Command(binary, "report", "merge", filepath.Join(s.dir, name), filepath.Join(byHand, name),
		"--out", merged).CombinedOutput(); err != nil {
		t.Fatalf("merge: %v\n%s", err, out)
	}
	if lines := s.open(filepath.Join(merged, name)); len(lines) != 2 {
		t.Errorf("%d lines merged, want 2", len(lines))
	}

	// The cause is still there: the record comes back. Then the cause is removed.
	_, errOut, err := s.try("", "quarantine", "release")
	var status *exec.ExitError
	if !errors.As(err, &status) || status.ExitCode() != 2 {
		t.Errorf("release of nothing: %v %s", err, errOut)
	}
	if out := s.cli("", "quarantine", "release", result.RecordID); !strings.Contains(out, "released 1 records; 0 are") {
		t.Errorf("release: %s", out)
	}
	d.awaitPage(t, "/metrics", "tradefront_quarantined_total 2")
	d.awaitPage(t, "/metrics", "tradefront_quarantined_rows 1")
	execute(t, url, "ALTER TABLE record DROP CONSTRAINT mistake")
	s.cli("", "quarantine", "release", "--all")
	d.awaitPage(t, "/metrics", "tradefront_pending_rows 0")
	d.awaitPage(t, "/readyz", "no record is in quarantine")
	lines := s.export(result.TradingDay)
	if len(lines) != 2 || string(lines[0].line.Append(nil))+"\n" != line && string(lines[1].line.Append(nil))+"\n" != line {
		t.Errorf("%d lines, or the released one is not what show said", len(lines))
	}
	d.stop()
}

func execute(t *testing.T, url, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// awaitPage polls an admin page until it has the text.
func (d *daemon) awaitPage(t *testing.T, path, text string) {
	t.Helper()
	var page string
	defer func() {
		if t.Failed() {
			t.Logf("%s says %s", path, page)
		}
	}()
	await.Every(t, 20*time.Millisecond, path+" to say "+text, func() bool {
		_, page = d.get(t, path)
		return strings.Contains(page, text)
	})
}
