package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tradefront/tradefront/internal/store"
)

// A pooler that gives a connection another server's process after each transaction breaks what
// a session holds: prepared statements, the settings of this connection, the lock under which
// migrations take turns. One that pools by session is as good as none.

// pooled is the fault of a pooler that does not pool by session.
const pooled = "a pooler (pgbouncer) is between, in %s mode, where settings, locks and prepared statements of a connection " +
	"are not its own: set pool_mode = session for this database, or connect to PostgreSQL itself"

// notReset is the fault of one that pools by session, and of a server that greets every connection with the same process
// (PGlite): ownSession sees neither.
const notReset = "this connection has statements that another one prepared: a pooler between does not reset a session for its next client " +
	"(pgbouncer: set server_reset_query = DISCARD ALL), or the server has one session for all: connect to PostgreSQL itself: %w"

// sharedTries is how often a second connection is looked at: between two statements another
// client may have taken the process that is looked for.
const sharedTries = 3

// ownSession proves that what the connection sets stays its own. A server's process that is not
// the one that greeted us is behind a pooler; then two connections that are open at the same
// time must have two processes, and each must keep its own.
func ownSession(ctx context.Context, conn *pgx.Conn) error {
	mine, err := backend(ctx, conn.PgConn())
	if err != nil || mine == fmt.Sprint(conn.PgConn().PID()) {
		return err
	}
	config := conn.Config()
	other, err := pgconn.ConnectConfig(ctx, &config.Config)
	if err != nil {
		return fmt.Errorf("a second connection through the pooler: %w", err)
	}
	defer other.Close(ctx) //nolint:errcheck // nothing was written on it
	for range sharedTries {
		theirs, err := backend(ctx, other)
		if err != nil {
			return err
		}
		again, err := backend(ctx, conn.PgConn())
		if err != nil {
			return err
		}
		// Twice in a row: a pooler that goes round two processes gives each of two connections that
		// take turns its own.
		onceMore, err := backend(ctx, conn.PgConn())
		if err != nil {
			return err
		}
		if theirs == mine || again != mine || onceMore != mine {
			return &store.UnfitError{Reason: fmt.Sprintf(pooled, poolMode(ctx, conn.PgConn()))}
		}
	}
	return nil
}

// backend is the number of the server's process that answers.
func backend(ctx context.Context, conn *pgconn.PgConn) (string, error) {
	row, err := ask(ctx, conn, "SELECT pg_backend_pid()")
	if err != nil {
		return "", err
	}
	return row[0], nil
}

// poolMode tells the two apart: where statements are pooled there are no transactions. The
// connection is closed after it.
func poolMode(ctx context.Context, conn *pgconn.PgConn) string {
	if _, err := conn.Exec(ctx, "BEGIN").ReadAll(); err != nil {
		return "statement"
	}
	return "transaction"
}
