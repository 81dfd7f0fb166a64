package daemon

import (
	"context"
	"errors"
	"time"

	notify "github.com/coreos/go-systemd/v22/daemon"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
)

// pingsPerWatchdog is how many pings a healthy front sends within systemd's patience (WatchdogSec=).
const pingsPerWatchdog = 4

// tellSystemd writes a state to the socket that systemd names in NOTIFY_SOCKET. Without one, or if systemd cannot be told, the front
// goes on: systemd then ends and starts it anew by its own timeout.
func tellSystemd(state string) { _, _ = notify.SdNotify(false, state) }

// A part of a front that a restart helps if it makes no progress.
type part struct {
	name string
	// moves reports whether the part made progress; it returns soon after ctx ends.
	moves func(ctx context.Context) bool
}

// watchdog tells systemd that the front makes progress: each event loop, the journal's writer and the forwarder. While one of them
// makes none the ping is left out, and after WatchdogSec= systemd kills the front and starts it anew. Nothing is lost that was
// answered: its record is in the local store.
type watchdog struct {
	parts  []part
	pause  time.Duration // between two pings, and the time that a look may take
	tell   func(state string)
	logger *zap.Logger
	stuck  string // the part that kept the last ping back
}

// watchForSystemd is there if the unit has WatchdogSec=; every is its value.
func (d *Daemon) watchForSystemd(every time.Duration) watcher {
	w := &watchdog{
		parts: movingParts(every, d.front.LoopsHeldUp, d.path.Journal, d.path.Forwarder), pause: every / pingsPerWatchdog, tell: tellSystemd, logger: d.logger,
	}
	return watcher{period: w.pause, look: w.feed}
}

// feed sends a ping if all parts move.
func (w *watchdog) feed(ctx context.Context) {
	within, cancel := context.WithTimeout(ctx, w.pause)
	defer cancel()
	if w.look(within) && ctx.Err() == nil {
		w.tell(notify.SdNotifyWatchdog)
	}
}

// look reports whether all parts move, and logs when that changes.
func (w *watchdog) look(ctx context.Context) bool {
	stuck := ""
	for _, p := range w.parts {
		if !p.moves(ctx) {
			stuck = p.name
			break
		}
	}
	switch {
	case stuck == w.stuck:
	case stuck != "":
		w.logger.Error("a part of the front makes no progress: unless it goes on, systemd kills the front and starts it anew", zap.String("part", stuck))
	default:
		w.logger.Info("all parts of the front make progress again", zap.String("part", w.stuck))
	}
	w.stuck = stuck
	return stuck == ""
}

// movingParts may each be held up for as long as the pause between two pings; the forwarder for three pauses, since a batch may wait
// 30 seconds for a PostgreSQL that does not answer. forwarder is nil with the embedded driver.
func movingParts(every time.Duration, loopsHeldUp func() time.Duration, local *journal.Journal, forwarder *forward.Forwarder) []part {
	pause := every / pingsPerWatchdog
	parts := []part{
		{"event loops", func(context.Context) bool { return loopsHeldUp() < pause }},
		{"local store's writer", writerMoves(local)},
	}
	if forwarder != nil {
		parts = append(parts, part{"forwarder", func(context.Context) bool { return forwarder.HeldUp() < every-pause }})
	}
	return parts
}

// writerMoves asks the writer for a turn. An error is an answer too: the disk is full, or another process holds the lock; a restart
// helps against neither. A queue that is full is progress only if records were committed since the last look.
func writerMoves(local *journal.Journal) func(context.Context) bool {
	last := local.LastSeq()
	return func(ctx context.Context) bool {
		err := local.Reach(ctx)
		seq := local.LastSeq()
		committed := seq != last
		last = seq
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, store.ErrOverloaded) {
			return committed || local.HeldUp() != nil
		}
		return true
	}
}
