package e2e

import (
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// TestRestartsWithoutPostgres: killed and stopped while PostgreSQL is away, a front starts
// again, answers logins, keeps out who was kept out before; all arrives, once.
func TestRestartsWithoutPostgres(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	s := newSite(t, cluster.URL(), "")
	revoked := s.addApp("client_revoked_1.0")
	s.cli("", "app", "disable", "--app-id", string(revoked.AppID))
	s.apps = s.apps[:1]
	var answers []*demo.Was
	stormy := func(d *daemon) *load {
		l := d.storm(t)
		l.until(100)
		return l
	}

	d := s.serve()
	l := stormy(d)
	cluster.Stop(pgtest.Immediate)
	before := <-l.progress
	l.until(before + 50)
	d.kill()
	answers = append(answers, l.end()...)
	for _, end := range []func(*daemon){(*daemon).stop, (*daemon).kill} {
		d := s.serve()
		if code, ready := d.get(t, "/readyz"); code != 200 || !strings.Contains(ready, "AppIDs and accounts as of 20") ||
			!strings.Contains(ready, "PostgreSQL is out of reach") {
			t.Errorf("/readyz %d %s", code, ready)
		}
		if _, err := enterAs(t, d, revoked); code(t, err) != 63 {
			t.Errorf("an AppID that was disabled before: %v, want 63", err)
		}
		l := stormy(d)
		end(d)
		answers = append(answers, l.end()...)
		if log := d.log.String(); !strings.Contains(log, "STARTS WITHOUT IT") { // whole, now that it has ended
			t.Errorf("the log does not say that PostgreSQL is away: %s", log)
		}
	}

	d = s.serve()
	l = stormy(d)
	cluster.Start()
	d.awaitPage(t, "/readyz", `"name":"directory","ready":true`)
	answers = append(answers, l.end()...)
	s.addApp("client_later_1.0") // commands reach the front again
	d.awaitPage(t, "/readyz", `"reason":"3 AppIDs"`)
	d.stop()
	s.checkInvariant(answers)
}

func enterAs(t *testing.T, d *daemon, app demo.App) (*client.Conn, error) {
	t.Helper()
	c, err := client.Dial(t.Context(), d.address)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = c.Close() })
	_, err = c.Authenticate(t.Context(), client.Identity{BrokerID: "9999", AppID: string(app.AppID)}, app.AuthCode)
	return c, err
}

// TestFirstStartNeedsPostgres: there is no copy yet that the front could read instead.
func TestFirstStartNeedsPostgres(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	s := newSite(t, cluster.URL(), "")
	cluster.Stop(pgtest.Fast)
	_, errOut, err := s.try("", "serve")
	var status *exec.ExitError
	if !errors.As(err, &status) || status.ExitCode() != 1 || !strings.Contains(errOut, "no copy of them") ||
		!strings.Contains(errOut, "check store.url and that the server runs") {
		t.Errorf("%v, %s", err, errOut)
	}
}

// TestAnswerAfterPostgresFromTheStart: a front that starts while PostgreSQL is away answers
// 8, not 63, and it does answer.
func TestAnswerAfterPostgresFromTheStart(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]func(*pgtest.Cluster){
		"stopped": func(c *pgtest.Cluster) { c.Stop(pgtest.Immediate) },
		"frozen":  (*pgtest.Cluster).Freeze,
	} {
		t.Run(name, func(t *testing.T) {
			cluster := pgtest.Start(t)
			s := newSite(t, cluster.URL(), "  answer_after: postgres\n  patience: 100s\n")
			s.serve().stop()
			away(cluster)
			d := s.serve()
			for range 3 {
				c, err := d.enter(t, s.apps[0].AuthCode)
				if err != nil {
					t.Fatal(err)
				}
				// login gives up long before the patience is over
				if _, err := login(t, c, password, nil); code(t, err) != 8 {
					t.Errorf("%v, want 8", err)
				}
			}
			if name == "frozen" {
				cluster.Thaw()
			}
			d.kill()
		})
	}
}

// frontList is `front list -o json`.
func (s *site) frontList() (list []struct {
	FrontID int32 `json:"front_id"`
	State   string
	Holds   int64
	Host    string
	Started time.Time
},
) {
	s.t.Helper()
	if err := json.Unmarshal([]byte(s.cli("", "front", "list", "-o", "json")), &list); err != nil {
		s.t.Fatal(err)
	}
	return list
}

// TestReportWaitsForFronts: the whole way with real commands.
func TestReportWaitsForFronts(t *testing.T) {
	t.Parallel()
	url := firmDatabase(t)
	s := newSite(t, url, "")
	d := s.serve()
	if list := s.frontList(); len(list) != 1 || list[0].FrontID != 1 || list[0].State != "running" || list[0].Holds != 0 {
		t.Errorf("front list: %+v", list)
	}
	cal, err := calendar.Parse(configs.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	day := cal.Prev(settlement.LastClosed(cal, time.Now())) // not one that closed this minute
	export := []string{"report", "export", "--day", day.String(), "--out", s.dir}
	s.cli("", export...) // front 1 runs and holds nothing

	pg, err := postgres.Open(t.Context(), storetest.URL(t, url), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Close()
	if _, err := pg.ReportFront(t.Context(), &store.FrontReport{
		FrontID: 2, StoreID: uuid.New(), Process: uuid.New(), Host: "second", Started: time.Now(), Counted: time.Now(), Stopped: true,
		Held: map[calendar.TradingDay]store.Held{day: {Pending: 17}},
	}, time.Now); err != nil {
		t.Fatal(err)
	}
	refused := func(errOut string, err error, words ...string) {
		t.Helper()
		var status *exec.ExitError
		if !errors.As(err, &status) || status.ExitCode() != 1 {
			t.Errorf("%v, want exit status 1: %s", err, errOut)
		}
		for _, w := range words {
			if !strings.Contains(errOut, w) {
				t.Errorf("%q is not in %s", w, errOut)
			}
		}
	}
	for _, args := range [][]string{export, append(export, "--supplement")} {
		_, errOut, err := s.try("", args...)
		refused(errOut, err, "front 2 (host second, store ", "holds 17 records of the day (last seen 20", "front retire 2 --force", "report waive")
	}
	if status := s.cli("", "report", "status", "--day", day.String()); !strings.Contains(status, "front 2 (host second") {
		t.Errorf("report status: %s", status)
	}
	if out := s.cli("", append(export, "--despite-fronts")...); !strings.Contains(out, "warning: INCOMPLETE") {
		t.Errorf("export --despite-fronts: %s", out)
	}
	m, err := reportfile.ReadManifest(filepath.Join(s.dir, reportfile.FileName("0001", day)))
	if err != nil || len(m.FrontsMissing) != 1 || m.FrontsMissing[0].Pending != 17 {
		t.Errorf("manifest %+v, error %v", m, err)
	}
	_, errOut, err := s.try("", "front", "retire", "2")
	refused(errOut, err, "holds records", "--force")
	_, errOut, err = s.try("", "front", "retire", "1")
	refused(errOut, err, "is running", "stop it first")
	_, errOut, err = s.try("", "front", "retire", "3")
	refused(errOut, err, "no front 3")
	if out := s.cli("", "front", "retire", "2", "--force", "--reason", "its machine burned"); !strings.Contains(out, "retired front 2 on host second") {
		t.Errorf("front retire: %s", out)
	}
	if out := s.cli("", export...); !strings.Contains(out, "INCOMPLETE") || !strings.Contains(out, "was retired while it held records of the day") {
		t.Errorf("export after front retire --force: %s", out)
	}
	m, err = reportfile.ReadManifest(filepath.Join(s.dir, reportfile.FileName("0001", day)))
	if err != nil || len(m.FrontsMissing) != 0 || len(m.Waived) != 1 || m.Waived[0].Records != 17 || m.Waived[0].Reason != "its machine burned" {
		t.Errorf("manifest %+v, error %v", m, err)
	}

	d.stop()
	if list := s.frontList(); len(list) != 1 || list[0].State != "stopped" || list[0].Holds != 0 {
		t.Errorf("after it stopped: %+v", list)
	}
	s.cli("", export...) // its last heartbeat: stopped, holding nothing
}
