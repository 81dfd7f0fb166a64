package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/store"
)

// maxLives is how many lives of a store are remembered. A store that was started more often since its
// last report would not know what it continues.
const maxLives = 4096

// BeginLife draws a life and makes it durable. After ErrLifeTaken it is anew: it continues
// nothing. While the disk hangs it returns when ctx ends.
//
// If we crash here, or before its first report, the life made no report and the next one continues it
// as well as those before; so it is with one that was written after ctx had ended.
func (l *Journal) BeginLife(ctx context.Context, anew bool) (store.Life, error) {
	if err := ctx.Err(); err != nil {
		return store.Life{}, err
	}
	life := store.Life{ID: uuid.New(), Continues: make(map[uuid.UUID]int64)} // the writer's until it has told that it is done
	err := l.writer.doWithin(ctx, &request{work: func(ctx context.Context, conn *sql.Conn) error {
		if anew {
			if _, err := conn.ExecContext(ctx, "DELETE FROM life"); err != nil {
				return err
			}
		} else if err := readLives(ctx, conn, &life); err != nil {
			return err
		}
		_, err := conn.ExecContext(ctx, "INSERT INTO life (life, number) VALUES (?, 0)", life.ID[:])
		return err
	}})
	if err != nil {
		return store.Life{}, err
	}
	return life, nil
}

// readLives fills Continues, and forgets the oldest. A store whose front was never started with
// this version continues what PostgreSQL knew of it before there were lives.
func readLives(ctx context.Context, conn *sql.Conn, f *store.Life) error {
	if _, err := conn.ExecContext(ctx, "INSERT INTO life (life, number) SELECT zeroblob(16), 0 WHERE NOT EXISTS (SELECT 1 FROM life)"); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "DELETE FROM life WHERE seq <= (SELECT max(seq) FROM life) - ?", maxLives); err != nil {
		return err
	}
	rows, err := conn.QueryContext(ctx, "SELECT life, number FROM life")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var b []byte
		var number int64
		if err := rows.Scan(&b, &number); err != nil {
			return err
		}
		id, err := uuid.FromBytes(b)
		if err != nil {
			return err
		}
		f.Continues[id] = number
	}
	return rows.Err()
}

// NextReport counts a report of the life, durably, before it is sent. While the disk hangs it returns
// when ctx ends; the number is then left out, or given to the next report.
func (l *Journal) NextReport(ctx context.Context, life uuid.UUID) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	var number int64 // the writer's until it has told that it is done
	err := l.writer.doWithin(ctx, &request{work: func(ctx context.Context, conn *sql.Conn) error {
		return conn.QueryRowContext(ctx, "UPDATE life SET number = number + 1 WHERE life = ? RETURNING number", life[:]).Scan(&number)
	}})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, fmt.Errorf("%w: the local store does not know this life: was its file replaced?", store.ErrLifeTaken)
	case err != nil:
		return 0, err
	}
	return number, nil
}
