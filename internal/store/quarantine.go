package store

import "context"

// Quarantined is how many records are in quarantine.
func (l *Local) Quarantined(ctx context.Context) (n int64, err error) {
	err = l.db.QueryRowContext(ctx, "SELECT count(*) FROM quarantine").Scan(&n)
	return n, readError(ctx, err)
}
