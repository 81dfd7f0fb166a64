package robustness

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

func (w *world) localPath() string { return filepath.Join(w.disk.dir, "front.db") }

// inLocal opens the local store beside the front, as commands do.
func (w *world) inLocal(ctx context.Context, do func(*journal.Journal) error) (err error) {
	local, err := journal.Open(ctx, w.localPath(), journal.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, local.Close()) }()
	return do(local)
}

// read returns what is stored now. A record moves from quarantine to the local store to
// PostgreSQL, and they are read in that order: one that moves meanwhile is seen twice and
// not missed.
func (w *world) read(ctx context.Context) (_ *stored, err error) {
	s := &stored{records: map[uuid.UUID]store.Record{}}
	err = w.inLocal(ctx, func(local *journal.Journal) error {
		aside, err := local.Quarantine(ctx)
		for i := range aside {
			s.add(&aside[i].Record, false)
		}
		s.aside = len(s.records)
		return errors.Join(err, s.scan(ctx, local))
	})
	if err != nil || w.pair == nil {
		return s, err
	}
	postgres, err := postgres.Open(ctx, storetest.URL(w.t, w.pair.writes().cluster.URL()), postgres.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, postgres.Close()) }()
	return s, s.scan(ctx, postgres)
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
	answers := map[string]bool{}
	for _, a := range w.load.snapshot() {
		if a.result != nil {
			answers[a.result.RecordID] = true
		}
	}
	for deadline := time.Now().Add(healPatience); ; {
		waiting, err := w.waiting(ctx, answers)
		if err == nil && waiting == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d answered logins wait for PostgreSQL %v after the healing: %w", waiting, healPatience, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// waiting counts those of answers that are in the local store and to be forwarded.
func (w *world) waiting(ctx context.Context, answers map[string]bool) (n int, err error) {
	err = w.inLocal(ctx, func(local *journal.Journal) error {
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
	db := w.openFile()
	tx, err := db.BeginTx(w.ctx, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return func() {
		if err := errors.Join(tx.Rollback(), db.Close()); err != nil {
			w.t.Error(err)
		}
	}
}

// cutLog brings what is in the local store's WAL into its file, if there is room, and cuts
// the WAL.
func (w *world) cutLog() {
	w.t.Helper()
	db := w.openFile()
	_, _ = db.ExecContext(w.ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	if err := db.Close(); err != nil {
		w.t.Error(err)
	}
}

func (w *world) openFile() *sql.DB {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+w.localPath()+"?_txlock=immediate&_pragma=busy_timeout(5000)")
	if err != nil {
		w.t.Fatal(err)
	}
	return db
}
