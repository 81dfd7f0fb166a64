package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tradefront/tradefront/internal/store"
)

// Settings of the server on which it depends whether a commit is durable, and
// whether a read sees every row.

var (
	errAsynchronous = &store.UnfitError{Reason: "synchronous_commit is off: a crash of PostgreSQL would lose committed records; " +
		"set it to on, for the server, the database or the role"}
	errNoFsync = &store.UnfitError{Reason: "fsync is off: a power cut would lose committed records, or the whole database; " +
		"set fsync = on in postgresql.conf and reload it"}
)

// settleSQL pins what holds for the connection's life: setting synchronous_commit to what it
// is keeps a change of the server's configuration out. With row_security off a statement
// from which a policy would hide rows fails, instead of going without them.
const settleSQL = "SELECT set_config('synchronous_commit', current_setting('synchronous_commit'), false), " +
	"current_setting('fsync'), set_config('row_security', 'off', false)"

// assertDurable refuses a connection on which a commit is not durable.
func assertDurable(ctx context.Context, conn *pgconn.PgConn) error {
	row, err := ask(ctx, conn, settleSQL)
	switch {
	case err != nil:
		return err
	case row[0] == "off":
		return errAsynchronous
	case row[1] == "off":
		return errNoFsync
	}
	return nil
}
