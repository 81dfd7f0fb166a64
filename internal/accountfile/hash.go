package accountfile

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/tradefront/tradefront/internal/core/local"
)

// Passwords is how many rows have a password that is to be hashed.
func Passwords(rows []Row) (n int) {
	for i := range rows {
		if rows[i].Hash == "" {
			n++
		}
	}
	return n
}

// Hash makes the hash of each password, one on each processor at a time, and wipes the passwords. progress is told how many are done; it is
// called from several goroutines. The end of ctx ends it early.
func Hash(ctx context.Context, rows []Row, params local.Params, progress func(done int)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next, done atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for ctx.Err() == nil {
				i := next.Add(1) - 1
				if i >= int64(len(rows)) {
					return
				}
				row := &rows[i]
				if row.Hash != "" {
					continue
				}
				var err error
				row.Hash, err = local.HashPassword(row.Password, params)
				clear(row.Password)
				if err != nil {
					cancel(err)
				}
				progress(int(done.Add(1)))
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}
