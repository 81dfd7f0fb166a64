package daemon

import (
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/store"
)

// storeObserver counts what the stores do, and logs what must not happen as errors.
type storeObserver struct {
	metrics *ops.Metrics
	logger  *zap.Logger
	local   *localHealth
	away    func(error) // a batch failed; nil for the local store
}

func (o storeObserver) LocalCommit(rows int, d time.Duration, err error) {
	o.metrics.LocalCommit(rows, d, err)
	o.local.note(err)
	if err != nil {
		o.local.log(o.logger, err)
	}
}

func (o storeObserver) Forwarded(rows int, how store.How, d time.Duration, err error) {
	o.metrics.Forwarded(rows, string(how), d, err)
	if err != nil && !store.IsDayTrouble(err) { // of which DayTrouble tells
		o.away(err)
	}
}

func (o storeObserver) Quarantined(id uuid.UUID, err error) {
	o.metrics.Quarantined(id, err)
	o.logger.Error("PostgreSQL refuses a record: it is in quarantine in the local store and NOT in the report",
		zap.Stringer("record_id", id), zap.Error(err))
}

// DayTrouble is logged once a trouble, not at each of the attempts, which are seconds apart.
func (o storeObserver) DayTrouble(day calendar.TradingDay, err error) {
	if err == nil {
		o.logger.Info("PostgreSQL takes the records of this trading day again", zap.Stringer("trading_day", day))
		return
	}
	o.logger.Error("PostgreSQL DOES NOT TAKE ALL RECORDS of this trading day: they stay in the local store and are sent again; "+
		"those of other days are forwarded", zap.Stringer("trading_day", day), zap.Error(err))
}
