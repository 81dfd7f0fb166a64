package directory

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// Directory is the registry of AppIDs and the accounts of the local core: one
// implementation for both databases. Commands change it beside running daemons, which
// look at Generation and read anew when it has moved.
type Directory struct {
	db *sqlrows.Tables
	// now is the clock of the columns "changed", and of how long an authcode before the current one is valid.
	now func() time.Time

	action *store.Action // what an operator does by the changes; nil if they are not to be written down
}

// New is the AppIDs and accounts in that database.
func New(db *sqlrows.Tables) *Directory { return &Directory{db: db, now: time.Now} }

// As is d whose one change is written down as that action, in the transaction of the change: neither is there without the other.
func (d *Directory) As(a *store.Action) *Directory {
	return &Directory{db: d.db, now: d.now, action: a}
}

// Generation is a number that every change of the directory makes larger, in the same
// transaction.
func (d *Directory) Generation(ctx context.Context) (int64, error) {
	var g int64
	err := d.db.QueryRowContext(ctx, "SELECT generation FROM directory").Scan(&g)
	return g, d.db.Explain(ctx, err)
}

// Apps lists all AppIDs, the disabled ones too, in their order.
func (d *Directory) Apps(ctx context.Context) ([]auth.App, error) {
	return readApps(ctx, d.db, d.db, "app")
}

// EachAccountInOrder is EachAccount in the accounts' order.
func (d *Directory) EachAccountInOrder(ctx context.Context, visit func(*local.Account) error) error {
	return eachAccount(ctx, d.db, d.db, "account"+notRemoved+" ORDER BY account", visit)
}

// EachAccount visits all accounts; visit keeps no pointer.
func (d *Directory) EachAccount(ctx context.Context, visit func(*local.Account) error) error {
	return eachAccount(ctx, d.db, d.db, "account"+notRemoved, visit)
}

// Accounts lists all accounts in their order.
func (d *Directory) Accounts(ctx context.Context) ([]local.Account, error) {
	return readAccounts(ctx, d.db, d.db, "account"+notRemoved)
}

// notRemoved leaves out the rows of accounts that an operator removed.
const notRemoved = " WHERE state <> 2"

// AddApp admits an AppID, or returns ErrExists. Times are kept to the microsecond.
func (d *Directory) AddApp(ctx context.Context, a auth.App) error {
	d.action.Note("app", "", a.Type.String()+", "+a.Cipher.String())
	return d.change(ctx, store.ErrExists, insertApp, appArgs(&a)...)
}

// insertApp and insertAccount have the version as their last argument.
var (
	insertApp     = insertRow("app", appColumns+versionColumn) + " ON CONFLICT DO NOTHING" //nolint:gosec // G202: our own names
	insertAccount = insertRow("account", accountColumns+versionColumn) + addAgain
)

// addAgain adds an account whose row says that it was removed, as if there were no row.
const addAgain = ` ON CONFLICT (account) DO UPDATE SET user_type = excluded.user_type, password_hash = excluded.password_hash,
	created = excluded.created, changed = excluded.changed, unlocked = excluded.unlocked, state = excluded.state, version = excluded.version
	WHERE account.state = 2`

// ErrUnchanged says that all was as it should become: nothing was written, and no action either.
var ErrUnchanged = errors.New("it is so already, and nothing was changed")

// SetAppEnabled admits an AppID again or withdraws its admission; store.ErrNotFound, ErrUnchanged.
func (d *Directory) SetAppEnabled(ctx context.Context, id regulation.AppID, enabled bool) error {
	return d.transact(ctx, func(tx *sql.Tx, version int64) error {
		was, err := d.wasNumber(ctx, tx, "SELECT enabled FROM app WHERE app_id = $1", string(id))
		if err != nil {
			return err
		}
		if (was == 1) == enabled {
			return ErrUnchanged
		}
		d.action.Note("state", switchWord(was == 1), switchWord(enabled))
		return d.exec(ctx, tx, store.ErrNotFound, "UPDATE app SET enabled = $1, changed = $2, version = $4 WHERE app_id = $3",
			sqlrows.FlagOf(enabled), sqlrows.Micros(d.now()), string(id), version)
	})
}

// SetAppCodes replaces an AppID's authcodes by those of a, their ciphers included, if its
// current one is still was; else it changes nothing and returns ErrNotFound.
func (d *Directory) SetAppCodes(ctx context.Context, was []byte, a auth.App) error {
	d.action.Note("authcode", "", "")
	if !a.Previous.Until.IsZero() {
		d.action.Note("previous_until", "", noted(a.Previous.Until))
	}
	return d.change(ctx, store.ErrNotFound, `UPDATE app SET sealed = $1, cipher = $2,
		previous_sealed = $3, previous_cipher = $4, previous_until = $5, changed = $6, version = $9 WHERE app_id = $7 AND sealed = $8`,
		sqlrows.BytesOf(a.Sealed), int16(a.Cipher), sqlrows.BytesOf(a.Previous.Sealed), int16(a.Previous.Cipher), sqlrows.Micros(a.Previous.Until),
		sqlrows.Micros(d.now()), string(a.AppID), sqlrows.BytesOf(was))
}

// ResealApps gives every AppID to reseal, which changes how its codes are sealed and
// nothing else, and writes them back: all in one transaction, or none. Changed stays, for
// the codes are the same. While it runs other changes of the directory wait.
func (d *Directory) ResealApps(ctx context.Context, reseal func(*auth.App) error) error {
	return d.transact(ctx, func(tx *sql.Tx, version int64) error {
		apps, err := readApps(ctx, d.db, tx, "app")
		if err != nil {
			return err
		}
		d.action.Note("sealed_authcodes", "", strconv.Itoa(len(apps)))
		for i := range apps {
			a := &apps[i]
			if err := reseal(a); err != nil {
				return err
			}
			result, err := tx.ExecContext(ctx, `UPDATE app SET sealed = $1, previous_sealed = $2, previous_cipher = $3,
				previous_until = $4, version = $6 WHERE app_id = $5`, sqlrows.BytesOf(a.Sealed), sqlrows.BytesOf(a.Previous.Sealed),
				int16(a.Previous.Cipher), sqlrows.Micros(a.Previous.Until), string(a.AppID), version)
			if err != nil {
				return d.db.Explain(ctx, err)
			}
			if err := sqlrows.WantOne("app", result); err != nil { // or a code would be left under a key that goes
				return err
			}
		}
		return nil
	})
}

// AddAccount adds an account, or returns ErrExists.
func (d *Directory) AddAccount(ctx context.Context, a local.Account) error {
	d.action.Note("account", "", a.UserType.Word())
	return d.change(ctx, store.ErrExists, insertAccount, accountArgs(&a)...)
}

// SetPassword replaces an account's password hash; ErrNotFound.
func (d *Directory) SetPassword(ctx context.Context, account regulation.Account, hash string) error {
	d.action.Note("password", "", "")
	return d.change(ctx, store.ErrNotFound, "UPDATE account SET password_hash = $1, changed = $2, version = $4 WHERE account = $3 AND state <> 2",
		hash, sqlrows.Micros(d.now()), string(account))
}

// UnlockAccount notes that an operator lifted the account's locks at that time; ErrNotFound.
func (d *Directory) UnlockAccount(ctx context.Context, account regulation.Account, at time.Time) error {
	d.action.Note("unlocked", "", noted(at))
	return d.change(ctx, store.ErrNotFound, "UPDATE account SET unlocked = $1, changed = $2, version = $4 WHERE account = $3 AND state <> 2",
		sqlrows.Micros(at), sqlrows.Micros(d.now()), string(account))
}

// change runs one statement in a transaction that moves the generation; the version of the row is the statement's last
// argument, which change adds. A statement that changes no row is the error none.
func (d *Directory) change(ctx context.Context, none error, statement string, args ...any) error {
	return d.transact(ctx, func(tx *sql.Tx, version int64) error {
		return d.exec(ctx, tx, none, statement, append(args[:len(args):len(args)], version)...)
	})
}

// exec runs one statement; one that changes no row is the error none.
func (d *Directory) exec(ctx context.Context, tx *sql.Tx, none error, statement string, args ...any) error {
	result, err := tx.ExecContext(ctx, statement, args...)
	if err != nil {
		return d.db.Explain(ctx, err)
	}
	changed, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if changed == 0 {
		return none
	}
	return nil
}

// wasNumber reads a number of a row before it is changed: a flag, a state, or microseconds since 1970. store.ErrNotFound without the row.
func (d *Directory) wasNumber(ctx context.Context, tx *sql.Tx, query string, args ...any) (was int64, err error) {
	err = tx.QueryRowContext(ctx, query, args...).Scan(&was)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, store.ErrNotFound
	}
	return was, d.db.Explain(ctx, err)
}

// transact bumps the generation and does the work, both or neither. work gets the new generation, which is the version of
// each row that it writes. The row lock of directory is held from the number to the commit: a change of a higher number
// becomes visible later, and one that is undone leaves no number.
func (d *Directory) transact(ctx context.Context, work func(*sql.Tx, int64) error) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return d.db.Explain(ctx, err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	// First, so that changes wait for one another here and cannot deadlock.
	var generation int64
	err = tx.QueryRowContext(ctx, "UPDATE directory SET generation = generation + 1 RETURNING generation").Scan(&generation)
	if errors.Is(err, sql.ErrNoRows) {
		return sqlrows.WantRows("directory", 0, 1) // or no front would notice the change
	}
	if err != nil {
		return d.db.Explain(ctx, err)
	}
	if err := d.note(ctx, tx, generation); err != nil {
		return err
	}
	if err := work(tx, generation); err != nil {
		return err
	}
	if d.action == nil {
		return d.db.Explain(ctx, tx.Commit())
	}
	if err := sqlrows.AddAction(ctx, d.db, tx, d.action); err != nil {
		return err
	}
	err = d.db.Explain(ctx, tx.Commit())
	d.action.Written = err == nil
	return err
}

// note writes that the rows of this change have its number. A database whose generation an operator set back has a row of
// that number.
func (d *Directory) note(ctx context.Context, tx *sql.Tx, generation int64) error {
	result, err := tx.ExecContext(ctx, "INSERT INTO directory_change (generation, token) VALUES ($1, $2) "+
		"ON CONFLICT (generation) DO UPDATE SET token = excluded.token", generation, rand.Text())
	if err != nil {
		return d.db.Explain(ctx, err)
	}
	return sqlrows.WantOne("directory_change", result)
}
