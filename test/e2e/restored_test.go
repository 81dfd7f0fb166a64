package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/pgtest"
)

// TestRestoredStoreKeepsReportsBack: a front is killed holding five answered logins that PostgreSQL never
// got, and yesterday's copy of its store is put back. The copy holds nothing, and reports so; what the
// store held when the front was killed is known to be missing nevertheless.
func TestRestoredStoreKeepsReportsBack(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	s := newSite(t, cluster.URL(), "")
	s.serve().stop()
	path := filepath.Join(s.dir, "tradefront.db")
	yesterday, err := os.ReadFile(path) // a stopped front leaves one file
	if err != nil {
		t.Fatal(err)
	}

	d := s.serve()
	life := strings.TrimSpace(cluster.SQL("SELECT life::text FROM front"))
	cluster.Stop(pgtest.Immediate)
	for range 5 {
		c, err := d.enter(t, s.apps[0].AuthCode)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := login(t, c, password, nil); err != nil {
			t.Fatal(err)
		}
	}
	d.kill()
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	s.write("tradefront.db", yesterday)

	d = s.serve()
	cluster.Start()
	// Two weeks later for the killed life: it does not run any more, and its day has closed.
	cluster.SQL("UPDATE front SET (started, counted, seen) = (started - d.us, counted - d.us, seen - d.us) " +
		"FROM (SELECT 14 * 86400 * 1000000::bigint AS us) d WHERE life::text = '" + life + "'")
	d.awaitPage(t, "/readyz", "this local store is an older copy: PostgreSQL last heard at ")
	states := make(map[string]int)
	for _, f := range s.frontList() {
		states[f.State]++
	}
	if len(states) != 2 || states["running"] != 1 || states["other life"] != 1 {
		t.Errorf("front list: %v", states)
	}

	cal, err := calendar.Parse(configs.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	day := settlement.LastClosed(cal, time.Now().Add(-time.Hour)).String()
	export := []string{"report", "export", "--day", day, "--out", s.dir}
	_, said, err := s.try("", export...)
	if err == nil || !strings.Contains(said, "did not report since the window closed, and the store that reports now does not continue it") ||
		!strings.Contains(said, "start the front once on the file as it was then") {
		t.Errorf("export: %v, %s", err, said)
	}
	s.cli("", "front", "retire", "1", "--force")
	s.cli("", export...)
	d.stop()
}

// TestRecoveredElsewhereIsRetired: what a lost front held was brought back by another front, and PostgreSQL has it all. To start the lost front
// once on the same copy stores nothing twice, and lets it be retired without a waiver that would call the records given up.
func TestRecoveredElsewhereIsRetired(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	lost := newSite(t, cluster.URL(), "")
	other := lost.secondFront()
	d, runs := lost.serve(), other.serve()
	cluster.Stop(pgtest.Immediate)
	const logins = 5
	var day string
	for range logins {
		c, err := d.enter(t, lost.apps[0].AuthCode)
		if err != nil {
			t.Fatal(err)
		}
		result, err := login(t, c, password, nil)
		if err != nil {
			t.Fatal(err)
		}
		day = result.TradingDay
	}
	d.kill()
	if err := os.Mkdir(filepath.Join(lost.dir, "disk"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal"} {
		lost.write("disk/tradefront.db"+suffix, lost.read("tradefront.db"+suffix))
	}
	cluster.Start()
	// As a heartbeat between the outage's begin and the front's end would have told.
	cluster.SQL(fmt.Sprintf(`UPDATE front SET seen = seen - 3600000000::bigint, held = '{"%s": {"pending": %d, "quarantined": 0}}' WHERE front_id = 1`, day, logins))

	other.cli("", "local", "recover", filepath.Join(lost.dir, "disk", "tradefront.db"))
	await.True(t, "PostgreSQL to have what was recovered", func() bool {
		return strings.TrimSpace(cluster.SQL("SELECT count(*) FROM record")) == fmt.Sprint(logins)
	})
	_, said, err := lost.try("", "front", "retire", "1")
	if err == nil || !strings.Contains(said, "also after local recover has brought them back elsewhere") {
		t.Fatalf("retired while it is said to hold records: %v, %s", err, said)
	}

	lost.write("tradefront.yaml", []byte(strings.Replace(string(lost.read("tradefront.yaml")), "store:\n", "store:\n  path: disk/tradefront.db\n", 1)))
	lost.serve().stop()
	lost.cli("", "front", "retire", "1")
	rows := strings.TrimSpace(cluster.SQL("SELECT count(*), count(DISTINCT record_id), (SELECT count(*) FROM waiver) FROM record"))
	if rows != fmt.Sprintf("%d|%d|0", logins, logins) {
		t.Errorf("records, different ones, waivers: %s", rows)
	}
	runs.stop()
}
