package e2e

import (
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
		if n > 1 {
			t.Errorf("%d times: %s", n, message)
		}
	}
	// Who asks PostgreSQL says once that it cannot: five do, of whom some have asked before it went; three say that they can again.
	if said["PostgreSQL is out of reach: records wait in the local store, AppIDs and accounts stay as last known"] != 1 || len(said) > 8 {
		t.Errorf("the log has %v", said)
	}
}
