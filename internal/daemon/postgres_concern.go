package daemon

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// postgresPeriod is how often it is looked whether records go to PostgreSQL.
const postgresPeriod = time.Second

// watchPostgres logs when records cease to go to PostgreSQL, and when they go again.
func (d *Daemon) watchPostgres(context.Context) {
	d.notePostgres(d.forwarder.LastError())
}

func (d *Daemon) notePostgres(err error) {
	d.concern.postgres.note(d.logger, time.Now(), err, &stateLines{
		level: zapcore.ErrorLevel, began: postgresTrouble(err),
		ended: "PostgreSQL takes records again; those that wait are forwarded now",
		more: func() []zap.Field {
			waiting, oldest := d.pending()
			fields := []zap.Field{zap.Int64("records_waiting", waiting)}
			if !oldest.IsZero() {
				fields = append(fields, zap.String("oldest", show.Time(oldest)))
			}
			return fields
		},
	})
}

// postgresTrouble tells a server that cannot be reached from one that answers and does not take records.
func postgresTrouble(err error) string {
	switch {
	case errors.Is(err, store.ErrSchema):
		return "PostgreSQL has another schema than this front needs: nothing is forwarded, records wait in the local store"
	case store.IsLocal(err):
		return "records are not forwarded: the local store fails"
	case store.Answers(err):
		return "PostgreSQL answers and refuses to take records: they wait in the local store and are sent again"
	}
	return "PostgreSQL is out of reach: records wait in the local store, AppIDs and accounts stay as last known"
}
