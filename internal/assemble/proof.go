package assemble

import (
	"context"
	"errors"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/loadtest/proof"
	"github.com/tradefront/tradefront/internal/loadtest/result"
	"github.com/tradefront/tradefront/internal/store"
)

// Prove opens the stores of a front's configuration and compares the answers of a load test with them.
func Prove(ctx context.Context, cfg *config.Config, o proof.Options) (found *result.Proof, err error) {
	err = withStores(ctx, cfg, func(records, local proof.Records) error {
		o.Records, o.Local = records, local
		found, err = proof.Run(ctx, o)
		return err
	})
	return found, err
}

// CanProve is why Prove would fail by now: the stores do not open, or the role of the database's URL may not read what is compared.
func CanProve(ctx context.Context, cfg *config.Config) error {
	return withStores(ctx, cfg, func(records, local proof.Records) error {
		for _, s := range []proof.Records{records, local} {
			if s == nil {
				continue
			}
			// PostgreSQL looks at rights before it looks for rows, of a day without any too.
			if err := s.Scan(ctx, noDay, func(*store.Record) error { return nil }); err != nil {
				return err
			}
		}
		return nil
	})
}

// noDay is a trading day of which no store has a record.
const noDay calendar.TradingDay = 10101

// withStores opens the stores of a front's configuration for as long as do takes. local is nil where the front has none beside its records.
func withStores(ctx context.Context, cfg *config.Config, do func(records, local proof.Records) error) (err error) {
	r, err := OpenRecords(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	local, err := openBeside(ctx, cfg)
	if err != nil {
		return err
	}
	if local == nil {
		return do(r, nil)
	}
	defer func() { err = errors.Join(err, local.Close()) }()
	return do(r, local)
}
