package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/regulation"
)

// Directory is the registry of AppIDs and the accounts of the local core: one
// implementation for both databases. Commands change it beside running daemons, which
// look at Generation and read anew when it has moved.
type Directory struct {
	db *sql.DB
	// now is the clock of the columns "changed"; nothing is decided by it.
	now func() time.Time
}

func newDirectory(db *sql.DB) *Directory { return &Directory{db: db, now: time.Now} }

// Generation is a number that every change of the directory makes larger, in the same
// transaction.
func (d *Directory) Generation(ctx context.Context) (int64, error) {
	var g int64
	err := d.db.QueryRowContext(ctx, "SELECT generation FROM directory").Scan(&g)
	return g, readError(ctx, err)
}

// Apps lists all AppIDs, the disabled ones too, in their order.
func (d *Directory) Apps(ctx context.Context) ([]auth.App, error) {
	rows, err := d.db.QueryContext(ctx,
		"SELECT app_id, app_type, cipher, sealed, enabled, created, changed FROM app ORDER BY app_id")
	if err != nil {
		return nil, readError(ctx, err)
	}
	defer rows.Close()
	var apps []auth.App
	for rows.Next() {
		var a auth.App
		var appType, enabled int16
		var created, changed int64
		if err := rows.Scan(&a.AppID, &appType, &a.Cipher, &a.Sealed, &enabled, &created, &changed); err != nil {
			return nil, readError(ctx, err)
		}
		if a.Type, err = code[auth.AppType](appType); err != nil {
			return nil, err
		}
		a.Enabled, a.Created, a.Changed = enabled != 0, fromMicros(created), fromMicros(changed)
		apps = append(apps, a)
	}
	return apps, readError(ctx, rows.Err())
}

// Accounts lists all accounts in their order.
func (d *Directory) Accounts(ctx context.Context) ([]core.Account, error) {
	rows, err := d.db.QueryContext(ctx,
		"SELECT account, user_type, password_hash, created, changed, unlocked FROM account ORDER BY account")
	if err != nil {
		return nil, readError(ctx, err)
	}
	defer rows.Close()
	var accounts []core.Account
	for rows.Next() {
		var a core.Account
		var userType int16
		var created, changed, unlocked int64
		if err := rows.Scan(&a.Account, &userType, &a.PasswordHash, &created, &changed, &unlocked); err != nil {
			return nil, readError(ctx, err)
		}
		if a.UserType, err = code[regulation.UserType](userType); err != nil {
			return nil, err
		}
		a.Created, a.Changed, a.Unlocked = fromMicros(created), fromMicros(changed), fromMicros(unlocked)
		accounts = append(accounts, a)
	}
	return accounts, readError(ctx, rows.Err())
}

// AddApp admits an AppID, or returns ErrExists. Times are kept to the microsecond.
func (d *Directory) AddApp(ctx context.Context, a auth.App) error {
	return d.change(ctx, ErrExists, `INSERT INTO app (app_id, app_type, cipher, sealed, enabled, created, changed)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		string(a.AppID), digit(a.Type), int16(a.Cipher), bytesOf(a.Sealed), flagOf(a.Enabled), micros(a.Created), micros(a.Changed))
}

// SetAppEnabled admits an AppID again or withdraws its admission; ErrNotFound.
func (d *Directory) SetAppEnabled(ctx context.Context, id regulation.AppID, enabled bool) error {
	return d.change(ctx, ErrNotFound, "UPDATE app SET enabled = $1, changed = $2 WHERE app_id = $3",
		flagOf(enabled), micros(d.now()), string(id))
}

// SetAppSealed replaces an AppID's encrypted authcode; ErrNotFound.
func (d *Directory) SetAppSealed(ctx context.Context, id regulation.AppID, sealed []byte) error {
	return d.change(ctx, ErrNotFound, "UPDATE app SET sealed = $1, changed = $2 WHERE app_id = $3",
		bytesOf(sealed), micros(d.now()), string(id))
}

// SetAppCode replaces an AppID's encrypted authcode and its cipher in one; ErrNotFound.
func (d *Directory) SetAppCode(ctx context.Context, id regulation.AppID, sealed []byte, cipher auth.Cipher) error {
	return d.change(ctx, ErrNotFound, "UPDATE app SET sealed = $1, cipher = $2, changed = $3 WHERE app_id = $4",
		bytesOf(sealed), int16(cipher), micros(d.now()), string(id))
}

// AddAccount adds an account, or returns ErrExists.
func (d *Directory) AddAccount(ctx context.Context, a core.Account) error {
	return d.change(ctx, ErrExists, `INSERT INTO account (account, user_type, password_hash, created, changed, unlocked)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		string(a.Account), digit(a.UserType), a.PasswordHash, micros(a.Created), micros(a.Changed), micros(a.Unlocked))
}

// UnlockAccount notes that an operator lifted the account's locks at that time; ErrNotFound.
func (d *Directory) UnlockAccount(ctx context.Context, account regulation.Account, at time.Time) error {
	return d.change(ctx, ErrNotFound, "UPDATE account SET unlocked = $1, changed = $2 WHERE account = $3",
		micros(at), micros(d.now()), string(account))
}

// change runs one statement and bumps the generation, both or neither. A statement that
// changes no row is the error none.
func (d *Directory) change(ctx context.Context, none error, statement string, args ...any) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return readError(ctx, err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	// First, so that changes wait for one another here and cannot deadlock.
	if _, err := tx.ExecContext(ctx, "UPDATE directory SET generation = generation + 1"); err != nil {
		return readError(ctx, err)
	}
	result, err := tx.ExecContext(ctx, statement, args...)
	if err != nil {
		return readError(ctx, err)
	}
	changed, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if changed == 0 {
		return none
	}
	return readError(ctx, tx.Commit())
}

func flagOf(b bool) int16 {
	if b {
		return 1
	}
	return 0
}
