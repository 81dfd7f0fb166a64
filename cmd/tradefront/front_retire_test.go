package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// TestFrontRetireOfAKilledFront: a front that stopped in peace is retired without a note; of one that was killed the day's report says,
// without --force too, that it may lack logins.
func TestFrontRetireOfAKilledFront(t *testing.T) {
	newSite(t)
	url := pgtest.Database(t)
	write(t, "tradefront.yaml", siteConfig+"store:\n  driver: postgres\n  url: \""+url+"\"\n")
	play(t, []step{{"migrate" + onC, "", 0, "…", "…"}})
	pg := storetest.OpenPostgresAt(t, url, postgres.Options{})
	const day = calendar.TradingDay(20260105)
	morning := time.Date(2026, 1, 5, 1, 0, 0, 0, time.UTC)
	for id, stopped := range map[int32]bool{7: true, 8: false} {
		if _, err := pg.ReportFront(t.Context(), &store.FrontReport{
			FrontID: id, StoreID: uuid.New(), Life: uuid.New(), Process: uuid.New(), Host: "gone", Started: morning, Counted: morning, Stopped: stopped,
		}, time.Now); err != nil {
			t.Fatal(err)
		}
	}
	storetest.Execute(t, pg, fmt.Sprintf("UPDATE front SET seen = %d", morning.UnixMicro()))
	wantWaived := func(want int) {
		t.Helper()
		all, err := pg.Waivers(t.Context(), day)
		if err != nil || len(all) != want {
			t.Fatalf("waivers %+v, %v, want %d", all, err, want)
		}
		for i := range all {
			if o := all[i].Obstacles; all[i].Reason != "front retire" || len(o) != 1 || o[0].Kind != settlement.RecordsGivenUp {
				t.Errorf("waiver %+v", all[i])
			}
		}
	}
	play(t, []step{{"front retire 7" + onC, "", 0, "retired front 7 on host gone, last seen 2026-01-05 09:00:00; then it held: nothing", ""}})
	wantWaived(0)
	play(t, []step{
		{
			"front retire 8" + onC, "", 0,
			"retired front 8…it may have taken logins since…\nthe reports of … trading days, from 20260105 to …, say from now on that logins may be missing", "",
		},
	})
	wantWaived(1)
	play(t, []step{
		{"report export" + onC + " --day 20260105", "", 0, "…INCOMPLETE…logins after its last report may be missing…", ""},
		{"report verify 0001clientinfo20260105.txt", "", 1, "INCOMPLETE as far as is known…", "…"},
	})
}
