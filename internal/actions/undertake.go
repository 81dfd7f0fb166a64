package actions

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// What a row says of an undertaking, as the change of outcomeKey.
const (
	outcomeKey = "outcome"
	begun      = "begun"
	done       = "done"
	failed     = "failed: "
)

// outcomePatience bounds how long the row of an outcome may take, also of a command that was interrupted.
const outcomePatience = 5 * time.Second

// Writer writes one action into a database, and says with Written that it has it.
type Writer func(context.Context, *store.Action) error

// To writes into that database.
func To(db *sqlrows.Tables) Writer {
	return func(ctx context.Context, a *store.Action) error { return Write(ctx, db, a) }
}

// Undertaking is a change that no transaction of that database makes.
type Undertaking struct {
	Began, Ended *store.Action // the two rows; Written says which of them the database has
	// Unwritten is why the outcome could not be written; nil if it was.
	Unwritten error
}

// Undertake runs do between two rows. Without the first do does not run, unless despite says so: then what is lost is the error that it
// is told, nil if nothing is. do notes what it changed in the action of the outcome.
func Undertake(ctx context.Context, write Writer, a *store.Action, despite func(lost error), do func(*store.Action) error) (u Undertaking, err error) {
	u.Began = a
	a.Note(outcomeKey, "", begun)
	if lost := write(ctx, a); lost != nil {
		if despite == nil {
			return u, fmt.Errorf("nothing was changed, since it cannot be written down who changes it: %w", lost)
		}
		despite(lost)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return u, err
	}
	after := *a
	after.ID, after.Changes, after.Written = id, nil, false
	u.Ended = &after
	err = do(u.Ended)
	u.Ended.At = time.Now().Truncate(time.Microsecond)
	u.Ended.Note(outcomeKey, begun, outcomeOf(err))
	if !a.Written { // nothing has changed about why
		return u, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), outcomePatience)
	defer cancel()
	u.Unwritten = write(ctx, u.Ended)
	return u, err
}

// outcomeOf is the first line of what a command says.
func outcomeOf(err error) string {
	if err == nil {
		return done
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return cut(failed + line)
}
