package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// TestReadyzNamesObstacles: each front warns of what keeps a report of the last days back, with what to
// do, until it is waived; it serves terminals meanwhile.
func TestReadyzNamesObstacles(t *testing.T) {
	t.Parallel()
	url := firmDatabase(t)
	s := newSite(t, url, "")
	cal, err := calendar.Parse(configs.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	day := settlement.LastClosed(cal, time.Now().Add(-time.Hour))
	pg, err := postgres.Open(t.Context(), storetest.URL(t, url), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pg.Close() })
	report := store.FrontReport{
		FrontID: 2, StoreID: uuid.New(), Life: uuid.New(), Host: "away", Started: time.Now(), Counted: time.Now(), Stopped: true,
		Held: map[calendar.TradingDay]store.Held{day: {Pending: 4}},
	}
	if _, err := pg.ReportFront(t.Context(), &report, time.Now); err != nil {
		t.Fatal(err)
	}
	d := s.serve()
	d.awaitPage(t, "/metrics", `tradefront_report_obstacles{kind="front_holds"} 1`)
	if code, ready := d.get(t, "/readyz"); code != 200 ||
		!strings.Contains(ready, "reports are kept back, of "+day.String()+": front 2 (host away") || !strings.Contains(ready, "start it with PostgreSQL in reach") {
		t.Errorf("%d %s", code, ready)
	}
	d.stop()
	s.cli("", "report", "waive", "--day", day.String(), "--reason", "its disk burned")
	d = s.serve()
	d.awaitPage(t, "/metrics", `tradefront_report_obstacles{kind="front_holds"} 0`)
	if _, ready := d.get(t, "/readyz"); !strings.Contains(ready, `"name":"report_obstacles","ready":true`) {
		t.Error(ready)
	}
	d.stop()
}
