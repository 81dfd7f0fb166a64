package store

import (
	"errors"

	"github.com/google/uuid"
)

// ErrLifeTaken says that PostgreSQL has a later report of this life of the store: a running machine
// was put back to an earlier state, or runs twice. The process begins another life, which continues
// none.
var ErrLifeTaken = errors.New("store: PostgreSQL has later reports of this life of the local store")

// Life is one run of a front on a local store.
type Life struct {
	ID uuid.UUID
	// Continues are the earlier lives of this store, and how many reports each has made as far as
	// this file knows. Reports beyond that number came from another copy of the file.
	Continues map[uuid.UUID]int64
}
