package assemble

import (
	"context"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// FindApp is the AppID's row, or store.ErrNotFound.
func FindApp(ctx context.Context, d *directory.Directory, id regulation.AppID) (auth.App, error) {
	apps, err := d.Apps(ctx)
	if err != nil {
		return auth.App{}, err
	}
	for _, a := range apps {
		if a.AppID == id {
			return a, nil
		}
	}
	return auth.App{}, store.ErrNotFound
}
