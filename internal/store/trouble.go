package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tradefront/tradefront/internal/calendar"
)

// DroppedError says that PostgreSQL stored fewer rows than it was sent, and gave no error:
// nothing of the batch was committed, and the rows stay where they are.
type DroppedError struct {
	Sent, Dropped int
	Missing       []uuid.UUID // the rows that were dropped, where that is known
}

func (e *DroppedError) Error() string {
	return fmt.Sprintf("store: PostgreSQL dropped %d of %d rows without an error: a trigger, rule or partition extension on table record; "+
		"find and remove it (psql: \\d record), the records are sent again until they are stored", e.Dropped, e.Sent)
}

// dropped compares what was sent with what PostgreSQL says that it stored.
func dropped(sent [][16]byte, stored map[uuid.UUID]bool) error {
	var missing []uuid.UUID
	for _, id := range sent {
		if !stored[id] {
			missing = append(missing, id)
		}
	}
	if missing == nil {
		return nil
	}
	return &DroppedError{Sent: len(sent), Dropped: len(missing), Missing: missing}
}

// wantRows is an error unless a statement that succeeded changed as many rows of the table as it
// must: a trigger or a rule can keep it from that.
func wantRows(table string, changed, want int64) error {
	if changed == want {
		return nil
	}
	return fmt.Errorf("store: of table %s %d rows were changed where %d had to be, without an error, and all was undone: "+
		"a trigger or a rule drops them; find and remove it (psql: \\d %s)", table, changed, want, table)
}

// wantOne is wantRows for database/sql.
func wantOne(table string, result sql.Result) error {
	changed, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return wantRows(table, changed, 1)
}

// wantAdded tells a row that ON CONFLICT DO NOTHING found there, ErrExists, from one that was
// dropped. there asks for it.
func wantAdded(ctx context.Context, db *Tables, table string, result sql.Result, there string, args ...any) error {
	dropped := wantOne(table, result)
	if dropped == nil {
		return nil
	}
	var exists bool
	if err := db.QueryRowContext(ctx, "SELECT EXISTS ("+there+")", args...).Scan(&exists); err != nil {
		return db.Explain(ctx, err)
	}
	if exists {
		return ErrExists
	}
	return dropped
}

// splitDropped cuts batch into the rows that were dropped and the others.
func splitDropped(e *DroppedError, batch []Entry) (gone, rest []Entry) {
	missing := make(map[uuid.UUID]bool, len(e.Missing))
	for _, id := range e.Missing {
		missing[id] = true
	}
	for _, b := range batch {
		if missing[b.Record.ID] {
			gone = append(gone, b)
		} else {
			rest = append(rest, b)
		}
	}
	return gone, rest
}

// DayError says that PostgreSQL answers and does not take records of a trading day, which is
// no fault of the records. Nothing was recorded; those of other days may be taken.
type DayError struct {
	Day    calendar.TradingDay // 0 if the batch had records of several, and it may be any of them
	Advice string              // what PostgreSQL said, and what to do
	Err    error
}

func (e *DayError) Error() string {
	day := "a trading day"
	if e.Day != 0 {
		day = e.Day.String()
	}
	return fmt.Sprintf("store: PostgreSQL does not take the records of %s: %s", day, e.Advice)
}

// Unwrap returns PostgreSQL's error.
func (e *DayError) Unwrap() error { return e.Err }

// IsDayTrouble reports whether err concerns some rows or days alone, and is no fault of
// theirs: a *DayError or a *DroppedError.
func IsDayTrouble(err error) bool {
	drop, day := (*DroppedError)(nil), (*DayError)(nil)
	return errors.As(err, &drop) || errors.As(err, &day)
}

func newDayError(day calendar.TradingDay, err error) *DayError {
	return &DayError{Day: day, Advice: dayAdvice(err), Err: err}
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
	failed, inDoubt := (*pgconn.ConnectError)(nil), (*InDoubtError)(nil)
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
func ofDay(recs []Record, err error) error {
	if !isDays(err) {
		return err
	}
	if already := (*DayError)(nil); errors.As(err, &already) {
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
