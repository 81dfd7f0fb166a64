package assemble

import (
	"context"
	"errors"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/loadtest/proof"
	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// Prove opens the stores of a front's configuration and compares the answers of a load test with them.
func Prove(ctx context.Context, cfg *config.Config, o proof.Options) (_ *result.Proof, err error) {
	r, err := OpenRecords(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	o.Records = r
	local, err := openBeside(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if local != nil {
		defer func() { err = errors.Join(err, local.Close()) }()
		o.Local = local
	}
	return proof.Run(ctx, o)
}
