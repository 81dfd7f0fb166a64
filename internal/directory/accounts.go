package directory

import (
	"context"
	"database/sql"

	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// SetAccountState disables, enables or removes an account, and returns its state before; store.ErrNotFound, also of one that was
// removed, and ErrUnchanged of one that is in that state. A removed one loses its password hash: AddAccount alone brings it back, with
// another password.
func (d *Directory) SetAccountState(ctx context.Context, account regulation.Account, state local.State) (was local.State, err error) {
	err = d.transact(ctx, func(tx *sql.Tx, version int64) error {
		number, err := d.wasNumber(ctx, tx, "SELECT state FROM account WHERE account = $1", string(account))
		if was = local.State(number); err == nil && was == local.Removed {
			err = store.ErrNotFound
		}
		if err != nil {
			return err
		}
		if was == state {
			return ErrUnchanged
		}
		d.action.Note("state", was.String(), state.String())
		set := "state = $1"
		if state == local.Removed {
			set += ", password_hash = ''"
		}
		return d.exec(ctx, tx, store.ErrNotFound, "UPDATE account SET "+set+", changed = $2, version = $4 WHERE account = $3",
			int16(state), sqlrows.Micros(d.now()), string(account), version)
	})
	return was, err
}

// switchWord is what enabled says of an AppID.
func switchWord(enabled bool) string {
	if enabled {
		return local.Enabled.String()
	}
	return local.Disabled.String()
}
