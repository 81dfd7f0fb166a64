package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/pgtest"
)

// TestOutageIsLoggedOnce: a server that is down has a line when it goes and one when it is back, however
// often batches and looks fail; no part that needs it adds more than its own two.
func TestOutageIsLoggedOnce(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	d := newSite(t, cluster.URL(), "").serve()
	l := d.storm(t)
	l.until(20)
	cluster.Stop(pgtest.Immediate)
	const failed = `tradefront_forward_batches_total{result="error"}`
	await.True(t, "four batches to fail", func() bool { return d.metric(t, failed) >= 4 })
	cluster.Start()
	const back = "PostgreSQL takes records again"
	await.True(t, "the log to say that PostgreSQL is back", func() bool { return strings.Contains(d.log.String(), back) })
	l.end()
	d.stop()
	said := make(map[string]int)
	for line := range strings.Lines(d.log.String()) {
		if strings.Contains(line, `"level":"error"`) || strings.Contains(line, `"level":"warn"`) {
			_, message, _ := strings.Cut(line, `"msg":"`)
			message, _, _ = strings.Cut(message, `"`)
			if !strings.HasPrefix(message, "calendar_file: ") { // the real date may be near the calendar's end
				said[message]++
			}
		}
		if strings.Contains(line, back) && (!strings.Contains(line, `"lasted":`) || !strings.Contains(line, `"records_waiting":`) || !strings.Contains(line, `"records_sent":`)) {
			t.Errorf("the line of the end does not tell how long it was, what was sent and what waits: %s", line)
		}
	}
	for message, n := range said {
		switch {
		case n > 1:
			t.Errorf("%d times: %s", n, message)
		case !slices.Contains(outageLines, message):
			t.Errorf("an outage has a line that is of no part that asks PostgreSQL: %s", message)
		}
	}
	if said[outageLines[0]] != 1 {
		t.Errorf("the log has %v", said)
	}
}

// outageLines are of the parts that ask PostgreSQL: each says once that it cannot, if it asked meanwhile, and some that they can again.
var outageLines = []string{
	"PostgreSQL is out of reach: records wait in the local store, AppIDs and accounts stay as last known",
	"PostgreSQL takes records again: records_sent went there since the trouble began, records_waiting are still to go",
	"AppIDs and accounts cannot be read from PostgreSQL: the last known ones stay in force",
	"AppIDs and accounts are read from PostgreSQL again",
	"PostgreSQL does not know what this front holds: reports of the day will refuse",
	"PostgreSQL knows again what this front holds",
	"the fronts cannot be counted; the last count is shown",
	"the fronts are counted again",
	"partitions of the days to come were not made; tried again in an hour",
	"partitions of the days to come are made",
	"late records of exported days cannot be counted; the front keeps the last count",
	"late records of exported days are counted again",
	"the state of the last trading day's report is unknown; the front keeps the last answer",
	"the state of the last trading day's report is known again",
}
