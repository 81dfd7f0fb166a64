package assemble

import (
	"context"
	"os"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/postgres"
)

// FrontsOf is who knows what fronts hold that the store of records lacks.
func FrontsOf(cfg *config.Config, r Records) settlement.FrontStore {
	if known, ok := r.(settlement.FrontStore); ok {
		return known
	}
	return ownFront{cfg}
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
// it, but for stores that were damaged and moved away.
type ownFront struct{ cfg *config.Config }

func (o ownFront) Fronts(context.Context) ([]store.Front, error) {
	asides, err := localfile.ListCorrupt(o.cfg.Store.Path)
	if err != nil || len(asides) == 0 {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	now := time.Now()
	said := store.FrontReport{FrontID: o.cfg.Front.ID, Host: host, Counted: now, Stopped: true, CorruptStores: len(asides)}
	return []store.Front{{FrontReport: said, Seen: now}}, nil
}
