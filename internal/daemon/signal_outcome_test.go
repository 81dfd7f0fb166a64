package daemon

import (
	"io"
	"sync"
	"testing"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
)

// TestStatusOfASignalHasItsConfiguration: who sent a signal and awaits its outcome reads of the configuration beside it.
func TestStatusOfASignalHasItsConfiguration(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	d := newDaemon(&cfg, &assemble.Assets{}, Options{Log: io.Discard})
	const reloads = 200
	number := map[string]uint64{cfg.Hash(): 0}
	taken := make([]config.Config, reloads)
	for i := range taken {
		taken[i] = cfg
		taken[i].Limits.Connections = 1000 + i
		number[taken[i].Hash()] = uint64(i) + 1
	}
	var reloading sync.WaitGroup
	reloading.Go(func() {
		for i := range taken {
			d.inForce.Store(&taken[i])
			d.signals.add("")
		}
	})
	for done := false; !done; {
		s := d.status(masked)
		if at := number[s.Config]; at < s.Signal.Number {
			t.Errorf("signal %d has its outcome, beside configuration %d", s.Signal.Number, at)
			break
		}
		done = s.Signal.Number == reloads
	}
	reloading.Wait()
}
