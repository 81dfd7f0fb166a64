package assemble

import (
	"context"
	"os"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/postgres"
)

// FrontsOf is who knows what fronts hold that the store of records lacks.
func FrontsOf(cfg *config.Config, r Records) settlement.FrontStore {
	if known, ok := r.(settlement.FrontStore); ok {
		return known
	}
	own := ownFront{cfg: cfg}
	if local, ok := r.(*journal.Journal); ok {
		own.refused = local.Quarantine
	}
	return own
}

// SurveyOf says what keeps reports of the records in r back.
func SurveyOf(cfg *config.Config, r Records, cal *calendar.Calendar) settlement.Survey {
	v := settlement.Survey{Store: r, Fronts: FrontsOf(cfg, r), Calendar: cal}
	if pg, ok := r.(*postgres.Store); ok {
		v.Named, v.Declared = pg.RecordFronts, cfg.Fronts
	}
	return v
}

// ownFront is the front whose embedded store the report reads: it holds nothing apart from
// it, but for stores that were damaged and moved away, and for a quarantine from the time when its records were forwarded.
type ownFront struct {
	cfg     *config.Config
	refused func(context.Context) ([]journal.Refused, error) // may be nil
}

func (o ownFront) Fronts(ctx context.Context) ([]store.Front, error) {
	asides, err := localfile.ListCorrupt(o.cfg.Store.Path)
	if err != nil {
		return nil, err
	}
	held, err := o.held(ctx)
	if err != nil || len(asides)+len(held) == 0 {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	now := time.Now()
	said := store.FrontReport{FrontID: o.cfg.Front.ID, Host: host, Counted: now, Stopped: true, CorruptStores: len(asides), Held: held}
	return []store.Front{{FrontReport: said, Seen: now}}, nil
}

// held is what is in quarantine, by trading day.
func (o ownFront) held(ctx context.Context) (map[calendar.TradingDay]store.Held, error) {
	if o.refused == nil {
		return nil, nil
	}
	all, err := o.refused(ctx)
	held := make(map[calendar.TradingDay]store.Held)
	for i := range all {
		h := held[all[i].Record.TradingDay]
		h.Quarantined++
		held[all[i].Record.TradingDay] = h
	}
	return held, err
}
