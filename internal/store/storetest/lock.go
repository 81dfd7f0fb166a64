package storetest

import (
	"context"
	"time"

	"github.com/tradefront/tradefront/internal/store/localfile"
)

// HoldLock takes the write lock of the file at path, as a command that was stopped does.
func HoldLock(path string) (release func(), err error) {
	db, err := localfile.Open(path, localfile.Options{BusyTimeout: time.Second}, 1, nil)
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(context.Background())
	if err == nil {
		_, err = conn.ExecContext(context.Background(), "BEGIN IMMEDIATE")
	}
	return func() { _, _ = conn.Close(), db.Close() }, err
}
