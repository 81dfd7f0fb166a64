package directory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// ErrChanged says that two operators changed an AppID at the same time.
var ErrChanged = errors.New("another command changed it just now: look at `tradefront app list`, and try again")

// FindApp is the AppID's row, or store.ErrNotFound.
func (d *Directory) FindApp(ctx context.Context, id regulation.AppID) (auth.App, error) {
	apps, err := d.Apps(ctx)
	if err != nil {
		return auth.App{}, err
	}
	return find(apps, id)
}

func find(apps []auth.App, id regulation.AppID) (auth.App, error) {
	for _, a := range apps {
		if a.AppID == id {
			return a, nil
		}
	}
	return auth.App{}, store.ErrNotFound
}

// Admit admits an AppID with that authcode; store.ErrExists.
func (d *Directory) Admit(ctx context.Context, master *auth.MasterKey, id regulation.AppID, code auth.AuthCode, cipher auth.Cipher) error {
	apps, err := d.Apps(ctx)
	if err != nil {
		return err
	}
	now := d.now()
	app := auth.App{AppID: id, Type: auth.AppDirect, Enabled: true, Created: now, Changed: now}
	if err := master.For(apps).Rotate(&app, code, cipher, time.Time{}); err != nil {
		return err
	}
	return d.AddApp(ctx, app)
}

// Rotation is another authcode for an AppID.
type Rotation struct {
	Code    auth.AuthCode
	Cipher  *auth.Cipher  // nil if it stays
	Overlap time.Duration // for which the code before stays valid; 0 for not at all
}

// Rotated is what became of the codes before.
type Rotated struct {
	Until   time.Time // the code before is valid until then; zero if it is not any more
	Dropped time.Time // the code before that one would have been valid until then; zero if there was none
}

// Rotate replaces the codes as it read them, and returns ErrChanged if they were changed since. An AppID
// has two codes at most. store.ErrNotFound.
func (d *Directory) Rotate(ctx context.Context, master *auth.MasterKey, id regulation.AppID, to Rotation) (did Rotated, err error) {
	apps, err := d.Apps(ctx)
	if err != nil {
		return did, err
	}
	app, err := find(apps, id)
	if err != nil {
		return did, err
	}
	now, was, cipher := d.now(), app, app.Cipher
	if to.Cipher != nil {
		cipher = *to.Cipher
	}
	if to.Overlap > 0 {
		did.Until = now.Add(to.Overlap).Truncate(time.Second)
	}
	err = master.For(apps).Rotate(&app, to.Code, cipher, did.Until)
	if errors.Is(err, auth.ErrNotSealed) {
		return did, fmt.Errorf("%w; restore the right master key, or replace it at once with --overlap 0", err)
	}
	if err == nil {
		err = d.replaceCodes(ctx, was.Sealed, app)
	}
	if was.Previous.ValidAt(now) {
		did.Dropped = was.Previous.Until
	}
	return did, err
}

// EndOverlap withdraws the code before the current one, and reports whether there was one.
func (d *Directory) EndOverlap(ctx context.Context, id regulation.AppID) (ended bool, err error) {
	app, err := d.FindApp(ctx, id)
	if err != nil || !app.Previous.ValidAt(d.now()) {
		return false, err
	}
	app.Previous = auth.Predecessor{}
	return true, d.replaceCodes(ctx, app.Sealed, app)
}

func (d *Directory) replaceCodes(ctx context.Context, was []byte, app auth.App) error {
	err := d.SetAppCodes(ctx, was, app)
	if errors.Is(err, store.ErrNotFound) {
		return ErrChanged
	}
	return err
}
