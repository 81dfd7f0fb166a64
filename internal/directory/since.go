package directory

import (
	"context"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// AppsSince are the AppIDs that changed after that generation, and those that went; known is false if that cannot be
// told: then all are to be read. A change that is made meanwhile may be among them, and comes again.
func (d *Directory) AppsSince(ctx context.Context, generation int64) (changed []auth.App, gone []regulation.AppID, known bool, err error) {
	now, known, err := d.follows(ctx, d.db, generation)
	if err != nil || !known {
		return nil, nil, false, err
	}
	if changed, err = appsSince(ctx, d.db, d.db, generation); err != nil {
		return nil, nil, false, err
	}
	gone, err = goneSince[regulation.AppID](ctx, d.db, d.db, "app", generation, now)
	return changed, gone, true, err
}

// AccountsSince is AppsSince for accounts.
func (d *Directory) AccountsSince(ctx context.Context, generation int64) (changed []local.Account, gone []regulation.Account, known bool, err error) {
	now, known, err := d.follows(ctx, d.db, generation)
	if err != nil || !known {
		return nil, nil, false, err
	}
	if changed, err = accountsSince(ctx, d.db, d.db, generation); err != nil {
		return nil, nil, false, err
	}
	gone, err = goneSince[regulation.Account](ctx, d.db, d.db, "account", generation, now)
	return changed, gone, true, err
}

// follows reports whether each change after that generation noted its rows. A change that a person made by hand noted none.
func (d *Directory) follows(ctx context.Context, q sqlrows.Queryer, generation int64) (now int64, whole bool, err error) {
	var noted int64
	err = q.QueryRowContext(ctx, `SELECT generation, (SELECT count(*) FROM directory_change c WHERE c.generation > $1 AND c.generation <= d.generation)
		FROM directory d`, generation).Scan(&now, &noted)
	return now, now >= generation && noted == now-generation, d.db.Explain(ctx, err)
}

// tokenOf is what the change of that generation drew; "" if it noted nothing.
func (d *Directory) tokenOf(ctx context.Context, q sqlrows.Queryer, generation int64) (token string, err error) {
	err = q.QueryRowContext(ctx, "SELECT coalesce((SELECT token FROM directory_change WHERE generation = $1), '')", generation).Scan(&token)
	return token, d.db.Explain(ctx, err)
}

// changedSince uses the index of versions, which has the rows alone that were changed since there are versions.
const changedSince = " WHERE version > 0 AND version > $1"

func appsSince(ctx context.Context, db *sqlrows.Tables, q sqlrows.Queryer, generation int64) (changed []auth.App, err error) {
	err = eachApp(ctx, db, q, "app"+changedSince, func(a *auth.App) error {
		changed = append(changed, *a)
		return nil
	}, generation)
	return changed, err
}

func accountsSince(ctx context.Context, db *sqlrows.Tables, q sqlrows.Queryer, generation int64) (changed []local.Account, err error) {
	err = eachAccount(ctx, db, q, "account"+changedSince, func(a *local.Account) error {
		changed = append(changed, *a)
		return nil
	}, generation)
	return changed, err
}

// goneSince are the names that were removed after one generation and up to another; some may be there again.
func goneSince[K ~string](ctx context.Context, db *sqlrows.Tables, q sqlrows.Queryer, kind string, after, to int64) (gone []K, err error) {
	rows, err := q.QueryContext(ctx, "SELECT name FROM directory_removed WHERE kind = $1 AND generation > $2 AND generation <= $3", kind, after, to)
	if err != nil {
		return nil, db.Explain(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var name K
		if err := rows.Scan(&name); err != nil {
			return nil, db.Explain(ctx, err)
		}
		gone = append(gone, name)
	}
	return gone, db.Explain(ctx, rows.Err())
}
