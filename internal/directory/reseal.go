package directory

import (
	"context"
	"fmt"

	"github.com/tradefront/tradefront/internal/auth"
)

// Resealed counts authcodes.
type Resealed struct {
	Codes int // sealed under the new key now
	Anew  int // of them, those that were under the old one
}

// Census tells under which of the master key's keys the authcodes are sealed.
func (d *Directory) Census(ctx context.Context, master *auth.MasterKey) (auth.Census, error) {
	apps, err := d.Apps(ctx)
	if err != nil {
		return auth.Census{}, err
	}
	return master.Census(apps, d.now()), nil
}

// Reseal seals every authcode under the newer of the two keys of master, in one transaction. If one opens
// under neither, all such are named and nothing is changed.
func (d *Directory) Reseal(ctx context.Context, master *auth.MasterKey) (did Resealed, err error) {
	before, err := d.Census(ctx, master)
	if err != nil {
		return did, err
	}
	if before.Neither != nil {
		return did, fmt.Errorf("nothing was changed: these open under neither key; restore the right key, "+
			"or give them new codes with `tradefront app rotate --overlap 0`:\n%w", before.Neither)
	}
	now := d.now()
	if err := d.ResealApps(ctx, func(a *auth.App) error { return master.Reseal(a, now) }); err != nil {
		return did, fmt.Errorf("nothing was changed: %w", err)
	}
	return Resealed{Codes: before.Under[0] + before.Under[1], Anew: before.Under[1]}, nil
}
