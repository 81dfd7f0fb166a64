package directory

import (
	"context"
	"strconv"
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
	appColumns = "app_id, app_type, cipher, sealed, previous_cipher, previous_sealed, previous_until, " +
		"enabled, created, changed"
	accountColumns = "account, user_type, password_hash, created, changed, unlocked"
)

func appArgs(a *auth.App) []any {
	return []any{
		string(a.AppID), sqlrows.Digit(a.Type), int16(a.Cipher), sqlrows.BytesOf(a.Sealed),
		int16(a.Previous.Cipher), sqlrows.BytesOf(a.Previous.Sealed), sqlrows.Micros(a.Previous.Until),
		sqlrows.FlagOf(a.Enabled), sqlrows.Micros(a.Created), sqlrows.Micros(a.Changed),
	}
}

func accountArgs(a *local.Account) []any {
	return []any{
		string(a.Account), sqlrows.Digit(a.UserType), a.PasswordHash, sqlrows.Micros(a.Created), sqlrows.Micros(a.Changed), sqlrows.Micros(a.Unlocked),
	}
}

// insertRow is the statement that inserts one row, for both databases.
func insertRow(table, columns string) string {
	var marks strings.Builder
	for i := range strings.Count(columns, ",") + 1 {
		if i > 0 {
			marks.WriteString(", ")
		}
		marks.WriteString("$" + strconv.Itoa(i+1))
	}
	return "INSERT INTO " + table + " (" + columns + ") VALUES (" + marks.String() + ")"
}

// readApps reads from q, which is db or a transaction on it.
func readApps(ctx context.Context, db *sqlrows.Tables, q sqlrows.Queryer, table string) ([]auth.App, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+appColumns+" FROM "+table+" ORDER BY app_id")
	if err != nil {
		return nil, db.Explain(ctx, err)
	}
	defer rows.Close()
	var apps []auth.App
	for rows.Next() {
		var a auth.App
		var appType, enabled int16
		var until, created, changed int64
		previous := &a.Previous
		if err := rows.Scan(&a.AppID, &appType, &a.Cipher, &a.Sealed, &previous.Cipher, &previous.Sealed, &until,
			&enabled, &created, &changed); err != nil {
			return nil, db.Explain(ctx, err)
		}
		if a.Type, err = sqlrows.Code[auth.AppType](appType); err != nil {
			return nil, err
		}
		if previous.Until = sqlrows.FromMicros(until); len(previous.Sealed) == 0 {
			*previous = auth.Predecessor{}
		}
		a.Enabled, a.Created, a.Changed = enabled != 0, sqlrows.FromMicros(created), sqlrows.FromMicros(changed)
		apps = append(apps, a)
	}
	return apps, db.Explain(ctx, rows.Err())
}

// readAccounts reads from q, which is db or a transaction on it.
func readAccounts(ctx context.Context, db *sqlrows.Tables, q sqlrows.Queryer, table string) ([]local.Account, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+accountColumns+" FROM "+table+" ORDER BY account")
	if err != nil {
		return nil, db.Explain(ctx, err)
	}
	defer rows.Close()
	var accounts []local.Account
	for rows.Next() {
		var a local.Account
		var userType int16
		var created, changed, unlocked int64
		if err := rows.Scan(&a.Account, &userType, &a.PasswordHash, &created, &changed, &unlocked); err != nil {
			return nil, db.Explain(ctx, err)
		}
		if a.UserType, err = sqlrows.Code[regulation.UserType](userType); err != nil {
			return nil, err
		}
		a.Created, a.Changed, a.Unlocked = sqlrows.FromMicros(created), sqlrows.FromMicros(changed), sqlrows.FromMicros(unlocked)
		accounts = append(accounts, a)
	}
	return accounts, db.Explain(ctx, rows.Err())
}
