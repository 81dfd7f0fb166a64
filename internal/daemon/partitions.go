package daemon

import (
	"context"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/calendar"
)

const (
	partitionsAhead  = 5 // trading days whose partitions are made before they are needed
	partitionsPeriod = time.Hour
)

// watchPartitions makes the partitions of the days to come.
func (d *Daemon) watchPartitions() watcher {
	var state stateLog
	return watcher{period: partitionsPeriod, look: func(ctx context.Context) { d.preparePartitions(ctx, &state) }}
}

// preparePartitions makes the partitions of the days to come, so that at 15:30 no batch
// waits for one. Failing is harmless: the batch that needs one makes it.
func (d *Daemon) preparePartitions(ctx context.Context, state *stateLog) {
	ctx, cancel := context.WithTimeout(ctx, assemble.ConnectPatience)
	defer cancel()
	cal := d.path.Gateway.Policy().Calendar
	day, _ := cal.TradingDayOf(d.now())
	days := []calendar.TradingDay{day}
	for range partitionsAhead {
		day = cal.Next(day)
		days = append(days, day)
	}
	d.logPostgres(state, d.postgres.EnsurePartitions(ctx, days), &stateLines{
		level: zapcore.WarnLevel, began: "partitions of the days to come were not made; tried again in an hour",
		ended: "partitions of the days to come are made",
	})
}
