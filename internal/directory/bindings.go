package directory

import (
	"context"
	"database/sql"
	"errors"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// ErrRelay says that an AppID is a relay's, which has no binding.
var ErrRelay = errors.New("it is a relay's, and a binding is of direct terminals: " +
	"`tradefront relay change` names the networks of a relay, `tradefront relay scope` the accounts")

// ChangeBinding gives the binding of an AppID to change, writes what it made of it in the same transaction, so that of two
// operators none undoes what the other did, and returns it. An error of change leaves all as it was. store.ErrNotFound, ErrRelay,
// ErrUnchanged.
func (d *Directory) ChangeBinding(ctx context.Context, id regulation.AppID, change func(*auth.Binding) error) (b auth.Binding, err error) {
	err = d.transact(ctx, func(tx *sql.Tx, version int64) error {
		apps, err := readApps(ctx, d.db, tx, "app")
		if err != nil {
			return err
		}
		app, err := find(apps, id)
		if err != nil {
			return err
		}
		if app.Type.Relay() {
			return ErrRelay
		}
		if b, err = app.Binding.Parse(); err != nil {
			return err
		}
		if err := change(&b); err != nil {
			return err
		}
		text, err := b.Text()
		if err != nil {
			return err
		}
		if text == app.Binding {
			return ErrUnchanged
		}
		d.noteBinding(&app.Binding, &text)
		return d.exec(ctx, tx, store.ErrNotFound, `UPDATE app SET bound_accounts = $1, bound_networks = $2, confined_accounts = $3, changed = $4,
			version = $6 WHERE app_id = $5`, text.Accounts, text.Networks, text.Confined, sqlrows.Micros(d.now()), string(id), version)
	})
	return b, err
}

// noteBinding notes the lists that differ.
func (d *Directory) noteBinding(was, is *auth.BindingText) {
	for _, list := range []struct{ what, was, is string }{
		{"bound_accounts", was.Accounts, is.Accounts}, {"bound_networks", was.Networks, is.Networks}, {"confined_accounts", was.Confined, is.Confined},
	} {
		if list.was != list.is {
			d.action.Note(list.what, list.was, list.is)
		}
	}
}
