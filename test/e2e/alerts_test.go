package e2e

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/pgtest"
	"github.com/tradefront/tradefront/test/ports"
	firm "github.com/tradefront/tradefront/test/site"
)

// watched is a firm that a real Prometheus watches. Its fronts differ in the faults that they get.
type watched struct {
	*scraper
	cluster  *pgtest.Cluster
	database *firm.Site // keys and accounts of the fronts at PostgreSQL

	// Admin addresses: whole has PostgreSQL, a trading core and relays, and agent is a relay agent of it; twin calls itself
	// front 1 too, at the same PostgreSQL; flood, host and wreck have stores of their own; later is started last, at PostgreSQL.
	whole, agent, twin, flood, host, wreck, later string
}

// TestAlertsFireByFaults: a real Prometheus scrapes running fronts and a relay agent by the rules and the sample that firms are given. It
// evaluates every rule without an error, has every metric that rules and dashboard use, and fires those alerts that docs/runbook.md
// says it does, each after its fault and not before.
func TestAlertsFireByFaults(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	restored := w.silentFronts(t)
	whole := w.serveWhole(t)
	var faults sync.WaitGroup
	for name, fault := range map[string]func(*testing.T){
		"core and relays": func(t *testing.T) { w.breakCore(t, whole) },
		"database":        w.breakDatabase,
		"flood":           w.breakFlood,
		"host":            w.breakHost,
		"wreck":           w.breakWreck,
	} {
		// Side by side, and not by t.Parallel: they would wait behind all other tests of the package, with Prometheus and the fronts running.
		faults.Go(func() { t.Run(name, fault) })
	}
	faults.Wait()
	w.killWhole(t, whole)
	w.cluster.Start()
	await.Every(t, 200*time.Millisecond, "a killed front to be silent", func() bool { // fronts are counted at a start, and a minute later
		for _, f := range restored.frontList() {
			if f.FrontID == lostFront && f.State == "silent" {
				return true
			}
		}
		return false
	})
	later := restored.serve()
	w.fires(t, "", "TradefrontFrontSilent")
	w.fires(t, w.later, "TradefrontStoreOlderCopy")
	w.wantMetrics(t)
	w.wantHealthy(t)
	later.kill()
	w.fires(t, "", "TradefrontNoFront", "TradefrontWatchdog")

	says := firedByPage(t)
	for _, alert := range says {
		if !w.fired[alert] {
			t.Errorf("docs/runbook.md says that %s is fired here, and it was not", alert)
		}
	}
	for alert := range w.fired {
		if !slices.Contains(says, alert) {
			t.Errorf("%s was fired, and docs/runbook.md does not say so", alert)
		}
	}
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	w := &watched{}
	for _, address := range []*string{&w.whole, &w.agent, &w.twin, &w.flood, &w.host, &w.wreck, &w.later} {
		*address = ports.Address(t)
	}
	w.scraper = scrape(t, []string{w.whole, w.twin, w.flood, w.host, w.wreck, w.later}, []string{w.agent})
	w.cluster = pgtest.Start(t)
	w.database = firm.New(t, firm.Options{Binary: binary, URL: w.cluster.URL()})
	w.database.AddApp(appID)
	w.database.AddAccount(account, password, "1")
	w.database.AddAccount("77777777", password, "1")
	return w
}

// siteAt is a front at the PostgreSQL of all.
func (w *watched) siteAt(t *testing.T, admin string, o firm.Options) *site {
	t.Helper()
	o.Binary, o.URL, o.Admin = binary, w.cluster.URL(), admin
	f := w.database.Beside(o)
	return &site{t: t, dir: f.Dir, config: f.Config, private: f.Private, sealed: &sealedTexts{Encrypter: f.Key}, apps: f.Apps, users: f.Users}
}

const lostFront = 9 // front.id of one that is killed and stays away

// silentFronts are two that are killed, whose heartbeats end. The one that is returned has an older copy of its local store since.
func (w *watched) silentFronts(t *testing.T) (restored *site) {
	t.Helper()
	lost := w.siteAt(t, "", firm.Options{Front: lostFront}).serve()
	restored = w.siteAt(t, w.later, firm.Options{Front: 7})
	restored.serve().stop()
	before := restored.read("tradefront.db") // a stopped front leaves one file
	d := restored.serve()
	await.Every(t, 50*time.Millisecond, "PostgreSQL to know both fronts", func() bool {
		running := 0
		for _, f := range restored.frontList() {
			if f.State == "running" {
				running++
			}
		}
		return running == 2
	})
	lost.kill()
	d.kill()
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(filepath.Join(restored.dir, "tradefront.db"+suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	restored.write("tradefront.db", before)
	return restored
}

// obstacle has a front that stopped with records of the last closed day: the report is held back.
func (w *watched) obstacle(t *testing.T) {
	t.Helper()
	day := lastClosed(t)
	pg, err := postgres.Open(t.Context(), storetest.URL(t, w.cluster.URL()), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Close()
	report := store.FrontReport{
		FrontID: 8, StoreID: uuid.New(), Life: uuid.New(), Host: "away", Started: time.Now(), Counted: time.Now(), Stopped: true,
		Held: map[calendar.TradingDay]store.Held{day: {Pending: 4}},
	}
	if _, err := pg.ReportFront(t.Context(), &report, time.Now); err != nil {
		t.Fatal(err)
	}
}

func lastClosed(t *testing.T) calendar.TradingDay {
	t.Helper()
	cal, err := calendar.Parse(configs.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	return settlement.LastClosed(cal, time.Now().Add(-time.Hour))
}

var (
	metricName = regexp.MustCompile(`\b(?:tradefront|go|process)_\w+`)
	quotedText = regexp.MustCompile(`\\?"[^"\\]*\\?"`)
	expression = regexp.MustCompile(`(?m)^\s+"?expr"?: (.*(?:\n {10}.*)*)`)
)

// wantMetrics wants Prometheus to have seen every metric that rules and dashboard use.
func (w *watched) wantMetrics(t *testing.T) {
	t.Helper()
	there := w.names(t)
	for _, file := range []string{"../../deploy/prometheus/tradefront.rules.yml", "../../deploy/grafana/tradefront.json"} {
		exprs := expression.FindAllStringSubmatch(readFile(t, file), -1)
		if len(exprs) < 50 {
			t.Errorf("%s: %d expressions", file, len(exprs))
		}
		for _, e := range exprs {
			text, isJSON := strings.CutPrefix(e[1], `"`)
			if isJSON {
				text = strings.TrimSuffix(strings.TrimSuffix(text, ","), `"`)
			}
			for _, name := range metricName.FindAllString(quotedText.ReplaceAllString(text, ""), -1) {
				if !slices.Contains(there, name) {
					t.Errorf("%s: no metric %s, in %s", file, name, text)
				}
			}
		}
	}
}

var firedRow = regexp.MustCompile(`(?m)^\| \[(\w+)\]\(#\w+\) \| yes \|`)

// firedByPage are the alerts of which the page says that this test fires them.
func firedByPage(t *testing.T) (alerts []string) {
	t.Helper()
	for _, m := range firedRow.FindAllStringSubmatch(readFile(t, "../../docs/runbook.md"), -1) {
		alerts = append(alerts, m[1])
	}
	return alerts
}
