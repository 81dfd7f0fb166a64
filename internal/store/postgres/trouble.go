package postgres

import (
	"errors"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// dropped compares the rows that were sent with those that PostgreSQL returned as stored.
func dropped(sent []rowKey, stored map[rowKey]bool) error {
	var missing []uuid.UUID
	for _, k := range sent {
		if !stored[k] {
			missing = append(missing, k.id)
		}
	}
	if missing == nil {
		return nil
	}
	return &store.DroppedError{Sent: len(sent), Dropped: len(missing), Missing: missing}
}

func newDayError(day calendar.TradingDay, err error) *store.DayError {
	return &store.DayError{Day: day, Advice: dayAdvice(err), Err: err}
}

// dayAdvice is err with what PostgreSQL itself advises: ensure_record_partition does.
func dayAdvice(err error) string {
	text, e := strings.TrimPrefix(err.Error(), "store: PostgreSQL: "), (*pgconn.PgError)(nil)
	switch {
	case !errors.As(err, &e):
	case isNoPartition(err):
		text += "; no partition of record takes the day, see \\d+ record in psql"
	case e.Code == stateLocked:
		text += "; something keeps a lock on the day's partition, see pg_locks"
	case e.Hint != "":
		text = e.Message + " (SQLSTATE " + e.Code + "): " + e.Hint
	}
	return text
}

// isNoPartition reports whether a row found no partition, or one that must not take it. It has
// the code of a CHECK that a row violates, and names no constraint.
func isNoPartition(err error) bool {
	e := (*pgconn.PgError)(nil)
	return errors.As(err, &e) && e.Code == stateCheck && e.ConstraintName == ""
}

// isDays reports whether err may concern the records of one day alone: PostgreSQL stated it
// of a statement, and not of the server, the connection or the transaction. A table that is
// missing, in the way or locked, a right, a tablespace without room, a damaged page.
func isDays(err error) bool {
	failed, inDoubt := (*pgconn.ConnectError)(nil), (*store.InDoubtError)(nil)
	if errors.As(err, &failed) || errors.As(err, &inDoubt) || isRefusal(err) {
		return false
	}
	s := state(err)
	if len(s) != 5 {
		return false
	}
	switch s[:2] {
	case "08", "25", "28", "3D", "40", "57": // connection, transaction, who we are, database, rolled back, an operator
		return false
	}
	return s != stateTooManyConnections
}

// ofDay gives err of a batch its kind, if it is of a day.
func ofDay(recs []store.Record, err error) error {
	if !isDays(err) {
		return err
	}
	if already := (*store.DayError)(nil); errors.As(err, &already) {
		return err
	}
	day := recs[0].TradingDay
	for i := range recs {
		if recs[i].TradingDay != day {
			day = 0
		}
	}
	return newDayError(day, err)
}
