package daemon

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/gateway"
	"github.com/tradefront/tradefront/internal/ops"
)

// watchReplays tells whether the front remembers all terminal ciphertexts of the day.
func (d *Daemon) watchReplays() watcher {
	return watcher{
		period: replayPeriod, look: d.forgetSeen,
		checks: []check{{"terminal_memory", ops.Warning, func() (bool, string) { return terminalMemory(d.path.Gateway.SeenStats()) }}},
		collectors: []ops.Collector{
			ops.NewGauge("seen_terminals", "Terminal ciphertexts that are remembered, at most `limits.seen_terminals`.",
				func() float64 { return float64(d.path.Gateway.SeenStats().Entries) }),
			ops.NewCounter("terminal_info_replayed_total", "Logins whose terminal ciphertext came before on the same trading day; the audit log names the AppID.",
				func() float64 { return float64(d.path.Gateway.SeenStats().Replayed) }),
			ops.NewCounter("seen_terminals_forgotten_total", "Logins whose ciphertext could not be remembered: no room, or a clock that jumped by days; a replay of it "+
				"passes as first.",
				func() float64 { return float64(d.path.Gateway.SeenStats().Forgotten) }),
		},
	}
}

// replayPeriod is how often the front deletes from the local store the terminal ciphertexts of days
// that are over.
const replayPeriod = 10 * time.Minute

// terminalMemory is for the readiness page: what is not remembered can be replayed unflagged.
func terminalMemory(s gateway.SeenStats) (ready bool, reason string) {
	switch {
	case s.Full:
		return false, fmt.Sprintf("full with %d terminal ciphertexts: replays of further ones pass unflagged until the next trading day; "+
			"raise limits.seen_terminals above the logins of a day", s.Entries)
	case s.Crowded > 0:
		return false, fmt.Sprintf("%d accounts have logged in so often that their share is full, and replays of their further logins pass unflagged; "+
			"the audit log has their lines", s.Crowded)
	}
	return true, fmt.Sprintf("%d terminal ciphertexts are remembered", s.Entries)
}

// forgetSeen removes the days that are over. If that fails they stay until the next time,
// and take disk only.
func (d *Daemon) forgetSeen(ctx context.Context) {
	day, _ := d.path.Gateway.Policy().Calendar.TradingDayOf(d.now())
	ciphertexts, err := d.path.Journal.ForgetSeen(ctx, day)
	if err != nil && ctx.Err() == nil {
		d.logger.Warn("terminal ciphertexts of days that are over could not be removed; tried again in ten minutes", zap.Error(err))
	}
	if ciphertexts > 0 {
		d.logger.Info("terminal ciphertexts of days that are over were removed", zap.Int64("ciphertexts", ciphertexts))
	}
}
