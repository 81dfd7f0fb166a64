package daemon

import (
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/core/link"
	"github.com/tradefront/tradefront/internal/ftd"
)

// TestCoreLinkLines: what the check core_link says of the core in use.
func TestCoreLinkLines(t *testing.T) {
	t.Parallel()
	cfg := config.Link{QueueLow: 1000}
	for _, tt := range []struct {
		name   string
		change func(s *link.Status, c *config.Link)
		want   string // in the one line that there is; "" for none
	}{
		{"well", func(*link.Status, *config.Link) {}, ""},
		{"no credit", func(s *link.Status, _ *config.Link) { s.Endpoints[1].Credit = 0 }, "core-a gives no credit"},
		{"queue", func(s *link.Status, _ *config.Link) { s.Endpoints[1].Queued = 1001 }, "1001 bytes wait for core-a"},
		{"low water", func(s *link.Status, _ *config.Link) { s.Endpoints[1].Queued = 1000 }, ""},
		{"a standby's credit", func(s *link.Status, _ *config.Link) { s.Endpoints[0].Credit = 0 }, ""},
		{"logins only", func(s *link.Status, c *config.Link) { s.Endpoints[1].Credit, c.VerifyOnly = 0, true }, ""},
		{"no core", func(s *link.Status, _ *config.Link) { s.InUse, s.Endpoints[1].Credit = -1, 0 }, ""},
		{"the day before", func(s *link.Status, _ *config.Link) { s.Endpoints[1].Alarm = link.AlarmOutdated }, "core-a is in use on trading day 20261130"},
		{"another day", func(s *link.Status, _ *config.Link) { s.Endpoints[0].Alarm = link.AlarmNotUsed }, "says that it is active"},
	} {
		s := link.Status{InUse: 1, Endpoints: []link.EndpointStatus{
			{State: link.Standby, Credit: ftd.UnlimitedCredit},
			{State: link.Active, CoreID: "core-a", TradingDay: "20261130", Credit: ftd.UnlimitedCredit},
		}}
		c := cfg
		tt.change(&s, &c)
		got := linkLines(&s, &c)
		if tt.want == "" && len(got) != 0 || tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)) {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}
