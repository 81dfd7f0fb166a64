package daemon

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/internal/admission"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/ops"
)

// banSource is where the bans of operators are read from: the directory, or the mirror of it. Its generation moves when one changes.
type banSource interface {
	Generation(ctx context.Context) (int64, error)
	Bans(ctx context.Context) ([]directory.Ban, error)
}

// banned is what the front follows of them.
type banned struct {
	source banSource // nil for a relay agent, which has none

	mu         sync.Mutex // a reload looks beside the watcher of the directory
	generation int64
	read       bool
	state      stateLog
}

// followBans hands changed bans to the front. If they cannot be read the last known ones stay in force.
func (d *Daemon) followBans(ctx context.Context) {
	b := &d.banned
	if b.source == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.follow(ctx, d.front.SetBans)
	if ctx.Err() != nil {
		return
	}
	b.state.logOnChange(d.logger, time.Now(), err, &stateLines{
		level: zapcore.ErrorLevel, began: "reading bans: the last known ones stay in force", ended: "reading bans: all can be read again",
	})
}

// follow reads the generation before the rows: a change between the two is seen again at the next look, never missed.
func (b *banned) follow(ctx context.Context, set func([]admission.Ban)) error {
	generation, err := b.source.Generation(ctx)
	if err != nil || b.read && generation == b.generation {
		return err
	}
	all, err := b.source.Bans(ctx)
	if err != nil {
		return err
	}
	in := make([]admission.Ban, len(all))
	for i := range all {
		in[i] = admission.Ban{Network: all[i].Network, Ends: all[i].Ends}
	}
	set(in)
	b.generation, b.read = generation, true
	return nil
}

// banGauge counts them.
func (d *Daemon) banGauge() ops.Collector {
	return ops.NewGauge("bans", "Addresses and networks that operators banned, in force now.", func() float64 { return float64(d.front.Bans()) })
}

// warnOfBans says at the start that some are kept out: who looks for a customer that cannot connect finds it here.
func (d *Daemon) warnOfBans() {
	if n := d.front.Bans(); n > 0 {
		d.logger.Warn("operators banned addresses; tradefront admission list shows them", zap.Int("bans", n))
	}
}
