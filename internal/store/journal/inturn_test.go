package journal

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store"
)

// mover moves the store's file once the first commit of records is done, before its callers are told.
type mover struct {
	store.Observer
	path string
	t    *testing.T
	done bool
}

func (m *mover) LocalCommit(int, time.Duration, error) {
	if !m.done {
		m.done = true
		if err := os.Rename(m.path, m.path+".elsewhere"); err != nil {
			m.t.Error(err)
		}
	}
}

// Of two commits that follow each other without a wait, the second looks at the files once, after it: its callers get an error all the
// same if the files were moved in between, and the third writes nothing.
func TestMovedBetweenCommits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "local.db")
	l := open(t, path, Options{Observer: &mover{Observer: store.ObserverOrNone(nil), path: path, t: t}})
	release := hold(t, l)
	var puts [2]*request
	for i := range puts {
		puts[i] = &request{many: make([]store.Record, MaxCommitRows), done: make(chan error, 1)} // a commit of its own
		for n := range puts[i].many {
			puts[i].many[n] = *record()
		}
		if err := l.writer.offer(puts[i]); err != nil {
			t.Fatal(err)
		}
	}
	release()
	if err := <-puts[0].done; err != nil {
		t.Errorf("the commit before: %v", err)
	}
	if err := <-puts[1].done; !errors.Is(err, store.ErrMoved) || !errors.Is(err, store.ErrInDoubt) {
		t.Errorf("the commit after: %v, want ErrMoved and ErrInDoubt, for its records are there", err)
	}
	if _, err := l.Append(t.Context(), record()); !errors.Is(err, store.ErrMoved) || errors.Is(err, store.ErrInDoubt) {
		t.Errorf("a later one: %v, want ErrMoved alone", err)
	}
	if err := os.Rename(path+".elsewhere", path); err != nil {
		t.Fatal(err)
	}
	if n := count(t, l); n != 2*MaxCommitRows {
		t.Errorf("%d records, want %d: the third commit wrote to a file that was moved", n, 2*MaxCommitRows)
	}
}
