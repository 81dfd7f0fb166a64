package daemon

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/repair"
)

// watchCorruptStores tells of damaged local stores that were moved and not recovered.
func (d *Daemon) watchCorruptStores() watcher {
	return watcher{
		run:    d.reportCorrupt,
		checks: []check{{"local_store_set_aside", ops.Warning, d.checkCorruptStores}},
		collectors: []ops.Collector{
			ops.NewGauge("local_store_set_aside",
				"Corrupt stores: damaged local stores that a start moved away and that are not recovered; their records are missing.", d.corruptStores),
		},
	}
}

// reportCorrupt logs once what can be read of each corrupt store.
func (d *Daemon) reportCorrupt(ctx context.Context) {
	corrupt, _ := localfile.ListCorrupt(d.cfg.Store.Path) // a folder that cannot be read is the check's to tell
	for _, a := range corrupt {
		in, err := repair.InspectCorrupt(ctx, a.Path)
		if ctx.Err() != nil {
			return
		}
		d.logger.Warn("a corrupt store is not recovered; bring its records back with: tradefront local recover -c FILE",
			zap.String("set_aside", a.Path), zap.Int64("rows_readable", in.Rows), zap.Int64("rows_altered", in.Altered),
			zap.Int64("rows_missing_at_most", in.Missing), zap.Error(err))
	}
}

// corruptStores counts those that were not recovered.
func (d *Daemon) corruptStores() float64 {
	corrupt, _ := localfile.ListCorrupt(d.cfg.Store.Path)
	return float64(len(corrupt))
}

func (d *Daemon) checkCorruptStores() (bool, string) {
	corrupt, err := localfile.ListCorrupt(d.cfg.Store.Path)
	switch {
	case err != nil:
		return false, err.Error()
	case len(corrupt) == 0:
		return true, "there is none"
	}
	return false, fmt.Sprintf("%d corrupt stores are not recovered, the last is %s: their records are missing "+
		"until tradefront local recover brings them back", len(corrupt), corrupt[len(corrupt)-1].Path)
}
