package directory

import (
	"context"
	"database/sql"
	"reflect"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/regulation"
)

// mirrorChange is what makes the mirror equal to PostgreSQL: one changed account of
// 100,000 is one row written, and logins, whose commits wait meanwhile, do not notice.
type mirrorChange struct {
	source       int64 // PostgreSQL's generation
	sourceRelays int64 // and that of its relays
	apps         []auth.App
	accounts     []local.Account
	goneApps     map[regulation.AppID]bool
	goneAccounts map[regulation.Account]bool
	relays       relayChange
}

func (c *mirrorChange) empty() bool {
	return len(c.apps)+len(c.accounts)+len(c.goneApps)+len(c.goneAccounts) == 0 && c.relays.empty()
}

func (c *mirrorChange) compareApps(had, has []auth.App) {
	c.apps, c.goneApps = differ(had, has, func(a *auth.App) regulation.AppID { return a.AppID })
}

func (c *mirrorChange) compareAccounts(had, has []local.Account) {
	c.accounts, c.goneAccounts = differ(had, has, func(a *local.Account) regulation.Account { return a.Account })
}

// differ are the rows of has that had lacks or has otherwise, and the keys that are gone.
func differ[T any, K comparable](had, has []T, key func(*T) K) (changed []T, gone map[K]bool) {
	before := make(map[K]*T, len(had))
	for i := range had {
		before[key(&had[i])] = &had[i]
	}
	for i := range has {
		k := key(&has[i])
		if old := before[k]; old == nil || !reflect.DeepEqual(*old, has[i]) {
			changed = append(changed, has[i])
		}
		delete(before, k)
	}
	gone = make(map[K]bool, len(before))
	for k := range before {
		gone[k] = true
	}
	return changed, gone
}

// apply writes the change; what goes, goes first.
func (c *mirrorChange) apply(ctx context.Context, conn *sql.Conn) error {
	for id := range c.goneApps {
		if _, err := conn.ExecContext(ctx, "DELETE FROM mirror_app WHERE app_id = ?", string(id)); err != nil {
			return err
		}
	}
	for account := range c.goneAccounts {
		if _, err := conn.ExecContext(ctx, "DELETE FROM mirror_account WHERE account = ?", string(account)); err != nil {
			return err
		}
	}
	if err := putRows(ctx, conn, "mirror_app", appColumns, c.apps, appArgs); err != nil {
		return err
	}
	if err := putRows(ctx, conn, "mirror_account", accountColumns, c.accounts, accountArgs); err != nil {
		return err
	}
	return c.relays.apply(ctx, conn)
}

func putRows[T any](ctx context.Context, conn *sql.Conn, table, columns string, rows []T, args func(*T) []any) error {
	if len(rows) == 0 {
		return nil
	}
	put, err := conn.PrepareContext(ctx, "INSERT OR REPLACE"+insertRow(table, columns)[len("INSERT"):]) //nolint:gosec // G202: table and columns are our own
	if err != nil {
		return err
	}
	defer put.Close()
	for i := range rows {
		if _, err := put.ExecContext(ctx, args(&rows[i])...); err != nil {
			return err
		}
	}
	return nil
}
