package daemon

import (
	"io"
	"testing"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/gateway"
)

// TestLabelsArePresetBeforeTheStart: a terminal may log in, and a scrape be answered, as soon as the listeners are bound.
func TestLabelsArePresetBeforeTheStart(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	d := newDaemon(&cfg, &assemble.Assets{}, Options{Log: io.Discard})
	families, err := d.metrics.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	series := make(map[string]int)
	for _, f := range families {
		series[f.GetName()] = len(f.GetMetric())
	}
	if n, want := series["tradefront_login_stage_seconds"], len(gateway.Stages()); n != want {
		t.Errorf("%d stages of a login are told, want %d", n, want)
	}
	if series["tradefront_logins_total"] == 0 || series["tradefront_authentications_total"] == 0 {
		t.Errorf("%v", series)
	}
}
