package robustness

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

func (w *world) localPath() string { return filepath.Join(w.disk.dir, "front.db") }

func (w *world) inLocal(ctx context.Context, do func(*journal.Journal) error) error {
	return inLocal(ctx, w.localPath(), do)
}

// inLocal opens a local store beside its front, as commands do.
func inLocal(ctx context.Context, path string, do func(*journal.Journal) error) (err error) {
	local, err := journal.Open(ctx, path, journal.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, local.Close()) }()
	return do(local)
}

// read returns what is stored now. A record moves from quarantine to the local store to
// PostgreSQL, and they are read in that order: one that moves meanwhile is seen twice and
// not missed.
func (w *world) read(ctx context.Context) (*stored, error) {
	s := &stored{records: map[uuid.UUID]store.Record{}}
	if err := s.scanLocal(ctx, w.localPath()); err != nil || w.pair == nil {
		return s, err
	}
	return s, s.scanPostgres(ctx, w.t, w.pair.writes().cluster.URL())
}

// scanLocal adds what is in quarantine and in the local store.
func (s *stored) scanLocal(ctx context.Context, path string) error {
	return inLocal(ctx, path, func(local *journal.Journal) error {
		aside, err := local.Quarantine(ctx)
		for i := range aside {
			s.add(&aside[i].Record, false)
		}
		s.aside += len(aside)
		return errors.Join(err, s.scan(ctx, local))
	})
}

func (s *stored) scanPostgres(ctx context.Context, t *testing.T, url string) (err error) {
	postgres, err := postgres.Open(ctx, storetest.URL(t, url), postgres.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, postgres.Close()) }()
	return s.scan(ctx, postgres)
}

// scan adds all records of a store. They may be elsewhere already, but a store has none
// twice.
func (s *stored) scan(ctx context.Context, from store.Store) error {
	days, err := from.Days(ctx)
	if err != nil {
		return err
	}
	here := map[uuid.UUID]bool{}
	for _, d := range days {
		if err := from.Scan(ctx, d.Day, func(rec *store.Record) error {
			s.add(rec, !here[rec.ID])
			here[rec.ID] = true
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// forwarded returns when nothing that was answered by now waits for PostgreSQL; with the
// embedded driver nothing ever does.
func (w *world) forwarded(ctx context.Context) error {
	if w.pair == nil {
		return nil
	}
	return forwarded(ctx, w.load.ledger, w.localPath())
}

// forwarded returns when nothing that was answered by now waits for PostgreSQL in one of these local stores.
func forwarded(ctx context.Context, l *ledger, locals ...string) error {
	answers := map[string]bool{}
	for _, a := range l.snapshot() {
		if a.result != nil {
			answers[a.result.RecordID] = true
		}
	}
	for deadline := time.Now().Add(healPatience); ; {
		waiting, err := 0, error(nil)
		for _, path := range locals {
			n, problem := waitingIn(ctx, path, answers)
			waiting, err = waiting+n, errors.Join(err, problem)
		}
		if err == nil && waiting == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("%d answered logins wait for PostgreSQL %v after the healing", waiting, healPatience), err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// waitingIn counts those of answers that are in a local store and to be forwarded.
func waitingIn(ctx context.Context, path string, answers map[string]bool) (n int, err error) {
	err = inLocal(ctx, path, func(local *journal.Journal) error {
		days, err := local.Days(ctx)
		for _, d := range days {
			err = errors.Join(err, local.Scan(ctx, d.Day, func(rec *store.Record) error {
				if answers[rec.ID.String()] {
					n++
				}
				return nil
			}))
		}
		return err
	})
	return n, err
}

// inQuarantine is how many records are in quarantine now.
func (w *world) inQuarantine(ctx context.Context) (n int) {
	w.t.Helper()
	err := w.inLocal(ctx, func(local *journal.Journal) error {
		aside, err := local.Quarantine(ctx)
		n = len(aside)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// lockLocal keeps all other processes from writing to the local store.
func (w *world) lockLocal() (unlock func()) {
	w.t.Helper()
	return lockFile(w.ctx, w.t, w.localPath())
}

// lockFile keeps all other processes from writing to a local store.
func lockFile(ctx context.Context, t *testing.T, path string) (unlock func()) {
	t.Helper()
	db := openFile(t, path)
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := errors.Join(tx.Rollback(), db.Close()); err != nil {
			t.Error(err)
		}
	}
}

// cutLog brings what is in the local store's WAL into its file, if there is room, and cuts
// the WAL.
func (w *world) cutLog() {
	w.t.Helper()
	db := openFile(w.t, w.localPath())
	_, _ = db.ExecContext(w.ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	if err := db.Close(); err != nil {
		w.t.Error(err)
	}
}

func openFile(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	return db
}
