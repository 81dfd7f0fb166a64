package directory

import (
	"context"
	"fmt"
	"strings"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// Rows of AppIDs and accounts: in table app and account of either database, and in
// mirror_app and mirror_account of the local store. A column that is added to one pair is
// added to the other, here, and in migrations of both stores.

// The columns, the key first.
const (
	versionColumn = ", version" // of app and account alone: the change that wrote the row

	appColumns = "app_id, app_type, cipher, sealed, previous_cipher, previous_sealed, previous_until, " +
		"enabled, created, changed, bound_accounts, bound_networks, confined_accounts"
	accountColumns = "account, user_type, password_hash, created, changed, unlocked, state"
)

func appArgs(a *auth.App) []any {
	return []any{
		string(a.AppID), sqlrows.Digit(a.Type), int16(a.Cipher), sqlrows.BytesOf(a.Sealed),
		int16(a.Previous.Cipher), sqlrows.BytesOf(a.Previous.Sealed), sqlrows.Micros(a.Previous.Until),
		sqlrows.FlagOf(a.Enabled), sqlrows.Micros(a.Created), sqlrows.Micros(a.Changed),
		a.Binding.Accounts, a.Binding.Networks, a.Binding.Confined,
	}
}

func accountArgs(a *local.Account) []any {
	return []any{
		string(a.Account), sqlrows.Digit(a.UserType), a.PasswordHash, sqlrows.Micros(a.Created), sqlrows.Micros(a.Changed), sqlrows.Micros(a.Unlocked),
		int16(a.State),
	}
}

// insertRow is the statement that inserts one row, for both databases.
func insertRow(table, columns string) string { return insertInto(table, columns, 1) }

// insertInto is the beginning of a statement that inserts so many rows.
func insertInto(table, columns string, rows int) string {
	return "INSERT INTO " + table + " (" + columns + ") VALUES " + placeholders(rows, strings.Count(columns, ",")+1)
}

// readApps reads from q, which is db or a transaction on it.
func readApps(ctx context.Context, db *sqlrows.Tables, q sqlrows.Queryer, table string) (apps []auth.App, err error) {
	err = eachApp(ctx, db, q, table+" ORDER BY app_id", func(a *auth.App) error {
		apps = append(apps, *a)
		return nil
	})
	return apps, err
}

// eachApp visits the rows of a table, or of a table with what follows it in a query. visit keeps no pointer.
func eachApp(ctx context.Context, db *sqlrows.Tables, q sqlrows.Queryer, from string, visit func(*auth.App) error, args ...any) error {
	rows, err := q.QueryContext(ctx, "SELECT "+appColumns+" FROM "+from, args...)
	if err != nil {
		return db.Explain(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var a auth.App
		var appType, enabled int16
		var until, created, changed int64
		previous := &a.Previous
		if err := rows.Scan(&a.AppID, &appType, &a.Cipher, &a.Sealed, &previous.Cipher, &previous.Sealed, &until,
			&enabled, &created, &changed, &a.Binding.Accounts, &a.Binding.Networks, &a.Binding.Confined); err != nil {
			return db.Explain(ctx, err)
		}
		if a.Type, err = sqlrows.Code[auth.AppType](appType); err != nil {
			return err
		}
		if previous.Until = sqlrows.FromMicros(until); len(previous.Sealed) == 0 {
			*previous = auth.Predecessor{}
		}
		a.Enabled, a.Created, a.Changed = enabled != 0, sqlrows.FromMicros(created), sqlrows.FromMicros(changed)
		if err := visit(&a); err != nil {
			return err
		}
	}
	return db.Explain(ctx, rows.Err())
}

// readAccounts reads from q, which is db or a transaction on it.
func readAccounts(ctx context.Context, db *sqlrows.Tables, q sqlrows.Queryer, table string) (accounts []local.Account, err error) {
	err = eachAccount(ctx, db, q, table+" ORDER BY account", func(a *local.Account) error {
		accounts = append(accounts, *a)
		return nil
	})
	return accounts, err
}

// eachAccount is eachApp for accounts.
func eachAccount(ctx context.Context, db *sqlrows.Tables, q sqlrows.Queryer, from string, visit func(*local.Account) error, args ...any) error {
	rows, err := q.QueryContext(ctx, "SELECT "+accountColumns+" FROM "+from, args...)
	if err != nil {
		return db.Explain(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var a local.Account
		var userType, created, changed, unlocked, state int64 // what the drivers give: anything else costs a conversion a row
		var name string
		if err := rows.Scan(&name, &userType, &a.PasswordHash, &created, &changed, &unlocked, &state); err != nil {
			return db.Explain(ctx, err)
		}
		if a.UserType, err = sqlrows.Code[regulation.UserType](int16(userType)); err != nil {
			return err
		}
		if state < 0 || state > int64(local.Removed) {
			return fmt.Errorf("store: account %q: state %d is none", name, state)
		}
		a.Account, a.State = regulation.Account(name), local.State(state)
		a.Created, a.Changed, a.Unlocked = sqlrows.FromMicros(created), sqlrows.FromMicros(changed), sqlrows.FromMicros(unlocked)
		if err := visit(&a); err != nil {
			return err
		}
	}
	return db.Explain(ctx, rows.Err())
}
