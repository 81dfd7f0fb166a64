//go:build dashboard

package deploy

import (
	"errors"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	grafana "github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// TestDashboardByGrafanasSchema reads the file by the types that Grafana publishes of its dashboards: each field is one that Grafana knows, has
// its type, and none that the schema asks for is missing, down to the options of panels and the queries. Those types take longer to compile than all of this package's
// tests take; `make dashboard` and CI check.
func TestDashboardByGrafanasSchema(t *testing.T) {
	t.Parallel()
	runtime := cog.NewRuntime()
	runtime.RegisterPanelcfgVariant(stat.VariantConfig())
	runtime.RegisterPanelcfgVariant(table.VariantConfig())
	runtime.RegisterPanelcfgVariant(timeseries.VariantConfig())
	runtime.RegisterDataqueryVariant(prometheus.VariantConfig())

	var d grafana.Dashboard
	for _, err := range []error{d.UnmarshalJSONStrict([]byte(read(t, "grafana/tradefront.json"))), d.Validate()} {
		var faults cog.BuildErrors // an error without faults is none: this is how the types say so
		if err != nil && (!errors.As(err, &faults) || len(faults) > 0) {
			t.Error(err)
		}
	}
	if len(d.Panels) < fewestPanels {
		t.Errorf("%d panels were read", len(d.Panels))
	}
}
