package localfile

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/schema"
)

// OpenReadOnly opens the file at path without the right to change it. Its end folds no page of the
// WAL into the file either.
func OpenReadOnly(path string) (*sql.DB, error) {
	if err := RefuseWALAlone(RealPath(path)); err != nil {
		return nil, err
	}
	return openPlain(path, "ro")
}

// openPlain is one connection to the file at path, which changes no setting of it.
func openPlain(path, mode string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	name := url.URL{Scheme: "file", OmitHost: true, Path: abs, RawQuery: url.Values{
		"mode":          {mode},
		"_busy_timeout": {strconv.FormatInt(DefaultBusyTimeout.Milliseconds(), 10)},
	}.Encode()}
	connector, err := sqlite.NewConnector(name.String())
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	return db, nil
}

// DefaultBusyTimeout is Options.BusyTimeout of a command, and of a journal whose options give none.
const DefaultBusyTimeout = 5 * time.Second

// WALKept is how many bytes the WAL's file keeps once its pages are folded into the main file: room
// for the pages between two checkpoints, 1,000 each.
const WALKept = 16 << 20

// openAttempts bounds how often Migrate tries again when another process migrates the same file at
// the same moment.
const openAttempts = 5

// Options are how SQLite opens the file of a local store.
type Options struct {
	BusyTimeout time.Duration                               // how long to wait for another process that writes to it
	Connector   func(name string) (driver.Connector, error) // nil for the driver's own
}

// Open is a pool of at most conns connections to the existing file at path. With a place, a new
// connection to other files than the place's fails.
func Open(path string, opt Options, conns int, at *Place) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	name := url.URL{Scheme: "file", OmitHost: true, Path: abs, RawQuery: url.Values{
		"mode":          {"rw"}, // never made here: see Ensure
		"_busy_timeout": {strconv.FormatInt(opt.BusyTimeout.Milliseconds(), 10)},
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"}, // sync the WAL at each commit: NORMAL would lose the last ones
		"_foreign_keys": {"on"},
		// A long read makes the WAL grow. The room is given back once the WAL is folded.
		"_pragma": {"journal_size_limit(" + strconv.Itoa(WALKept) + ")"},
		"_txlock": {"immediate"}, // a read that turns into a write could not wait for its turn
	}.Encode()}
	connect := opt.Connector
	if connect == nil {
		connect = sqlite.NewConnector
	}
	connector, err := connect(name.String())
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if at != nil {
		connector = placedConnector{connector, at}
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// Migrate brings the schema to this binary's version. It tries again if that fails: SQLite has no lock
// to migrate under, so another process was probably quicker, and the next attempt shows it.
func Migrate(ctx context.Context, db *sql.DB) error {
	m := schema.Migration{
		Db: db, Dialect: goose.DialectSQLite3, Folder: "local",
		Check:    func(ctx context.Context) error { return checkSchema(ctx, db) },
		Readable: func(err error) error { return err },
	}
	var err error
	for range openAttempts {
		if _, err = m.Run(ctx); err == nil ||
			errors.Is(err, store.ErrSchema) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// SameSchema is nil if the local store at path has this binary's schema, else mostly a *store.SchemaError. The process has not
// opened the store; another may have.
func SameSchema(ctx context.Context, path string) error {
	path = RealPath(path)
	if err := RefuseHalfMoved(path); err != nil { // to open it would begin another WAL beside what is left
		return err
	}
	db, err := Open(path, Options{BusyTimeout: DefaultBusyTimeout}, 1, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	return checkSchema(ctx, db)
}

// checkSchema compares the version of a local store's schema with this binary's. The error is a
// *store.SchemaError if they differ.
func checkSchema(ctx context.Context, db *sql.DB) error {
	wanted, err := schema.Latest("local")
	if err != nil {
		return err
	}
	var current sql.NullInt64
	err = db.QueryRowContext(ctx, "SELECT max(version_id) FROM "+goose.DefaultTablename+" WHERE is_applied").Scan(&current)
	if err != nil && !isNoSQLiteTable(err) {
		return fmt.Errorf("store: schema version: %w", err)
	}
	if current.Int64 != wanted {
		return &store.SchemaError{Current: current.Int64, Wanted: wanted}
	}
	return nil
}
