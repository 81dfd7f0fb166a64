package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tradefront/tradefront/internal/store"
)

// SQLSTATEs that something depends on.
const (
	stateReadOnly   = "25006" // read_only_sql_transaction: the server became a standby
	stateUnique     = "23505" // unique_violation: a record is there already
	stateCheck      = "23514" // check_violation: also "no partition of relation found for row"
	stateDuplicate  = "21000" // cardinality_violation: one record twice in one upsert
	stateRowTooLong = "54000" // program_limit_exceeded
	stateDenied     = "42501" // insufficient_privilege
	stateParameter  = "22023" // invalid_parameter_value: of ensure_record_partition, a day that is none

	statePrepared = "42P05" // duplicate_prepared_statement: names are of this connection, so another one's are in its session

	stateNoFunction = "42883" // undefined_function: of a relative of PostgreSQL

	stateLocked = "55P03" // lock_not_available: lock_timeout was over

	stateTooManyConnections = "53300"
)

// state is the SQLSTATE of err, "" if it is not PostgreSQL's own.
func state(err error) string {
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// Answers reports whether PostgreSQL itself stated err, and is neither starting nor ending: else
// it is out of reach.
func Answers(err error) bool {
	s := state(err)
	return s != "" && !strings.HasPrefix(s, "08") && !strings.HasPrefix(s, "57P")
}

// isRefusal reports whether PostgreSQL refused the data themselves: class 22, data
// exception, and class 23, integrity violation. Everything else (no connection, disk
// full, shutdown, a missing right, table or partition) is no fault of a record, and passes
// or is repaired.
func isRefusal(err error) bool {
	s := state(err)
	return !isNoPartition(err) && len(s) == 5 && (s[:2] == "22" || s[:2] == "23" || s == stateDuplicate || s == stateRowTooLong)
}

// explain is err of a statement outside a batch: of the context if that ended it.
func (p *Store) explain(ctx context.Context, err error) error { return explainAs(ctx, err, p.readable) }

// explain is that of a statement on a connection that is there.
func explain(ctx context.Context, err error) error { return explainAs(ctx, err, readable) }

func explainAs(ctx context.Context, err error, readable func(error) error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("store: %w", context.Cause(ctx))
	}
	return fmt.Errorf("store: PostgreSQL: %w", readable(err))
}

// readable is err of the driver as an operator is to read it: what fails to connect in one
// line, a missing right as a DeniedError, and a session that was another's as such.
func readable(err error) error {
	if hidesRows(err) {
		return fmt.Errorf("%w: %w", store.ErrRowSecurity, err)
	}
	switch state(err) {
	case stateDenied:
		return &store.DeniedError{Err: oneLine(err)}
	case statePrepared:
		return fmt.Errorf(notReset, err)
	}
	return oneLine(err)
}

// hidesRows reports whether PostgreSQL refused a statement because a policy would hide rows
// from it; settleSQL asks for that. The message is in the server's language.
func hidesRows(err error) bool {
	e := (*pgconn.PgError)(nil)
	return errors.As(err, &e) && e.Code == stateDenied && e.Routine == "check_enable_rls"
}
