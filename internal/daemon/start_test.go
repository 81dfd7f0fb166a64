package daemon

import (
	"io"
	"testing"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
)

// Between the moment when the admin listener answers and that when terminals are accepted a
// front may wait for PostgreSQL: a load balancer must not send terminals meanwhile.
func TestNotReadyBeforeItServes(t *testing.T) {
	health := newDaemon(new(config.Config), new(assemble.Assets), Options{Log: io.Discard}).health.Report()
	if health.Ready || len(health.Reasons) != 1 || health.Reasons[0].Reason != "the front is starting" {
		t.Errorf("%+v", health)
	}
}
