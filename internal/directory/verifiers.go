package directory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/regulation"
)

const (
	// maxPendingVerifiers bounds those that wait to be written; one that finds no room is made again at a later login.
	maxPendingVerifiers = 100_000
	// verifiersAtOnce is how many one transaction writes or deletes: commits of logins wait for it some milliseconds.
	verifiersAtOnce = 250
)

// Verifiers keeps verifiers of passwords in the front's own local store, in no other place: neither a backup of PostgreSQL nor another
// front has them. They are written behind the logins; a crash loses those that waited.
type Verifiers struct {
	local Keeper

	mu      sync.Mutex
	pending map[regulation.Account]local.Verifier
	keys    []string // whose verifiers may stay
	drop    bool     // others are to be deleted
}

// NewVerifiers is the verifiers in that local store.
func NewVerifiers(keeper Keeper) *Verifiers {
	return &Verifiers{local: keeper, pending: make(map[regulation.Account]local.Verifier)}
}

// Find is part of local.Verifiers.
func (v *Verifiers) Find(ctx context.Context, account regulation.Account) (found local.Verifier, err error) {
	db := v.local.Tables()
	var tag []byte
	err = db.QueryRowContext(ctx, "SELECT key, kib, tag FROM verifier WHERE account = ?", string(account)).Scan(&found.Key, &found.KiB, &tag)
	if errors.Is(err, sql.ErrNoRows) || err == nil && len(tag) != len(found.Tag) {
		return local.Verifier{}, nil
	}
	copy(found.Tag[:], tag)
	return found, db.Explain(ctx, err)
}

// Keep is part of local.Verifiers.
func (v *Verifiers) Keep(account regulation.Account, made local.Verifier) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.pending) < maxPendingVerifiers {
		v.pending[account] = made
	}
}

// SetKeys says which keys are in force; the next Flush deletes the verifiers under others.
func (v *Verifiers) SetKeys(ids []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.keys, v.drop = slices.Clone(ids), true
}

// Flush writes what waits, and deletes what is under a key that is not in force any more, in small transactions. What it could
// not write waits for the next.
func (v *Verifiers) Flush(ctx context.Context) error {
	if err := v.deleteOthers(ctx); err != nil {
		return err
	}
	for ctx.Err() == nil {
		some, more := v.take()
		if !more {
			return nil
		}
		if err := v.write(some); err != nil {
			for _, made := range some {
				v.Keep(made.account, made.Verifier)
			}
			return fmt.Errorf("verifiers of passwords: %w", err)
		}
	}
	return nil
}

func (v *Verifiers) take() (some []keptVerifier, more bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	accounts := slices.Sorted(maps.Keys(v.pending)) // the same ones in each run of a simulation
	some = make([]keptVerifier, 0, min(len(accounts), verifiersAtOnce))
	for _, account := range accounts[:cap(some)] {
		some = append(some, keptVerifier{account, v.pending[account]})
		delete(v.pending, account)
	}
	// One that waited while the keys changed is under a key that is not in force any more: it must not be written behind deleteOthers.
	if len(v.keys) > 0 {
		some = slices.DeleteFunc(some, func(k keptVerifier) bool { return !slices.Contains(v.keys, k.Key) })
	}
	return some, len(accounts) > 0
}

type keptVerifier struct {
	account regulation.Account
	local.Verifier
}

func (v *Verifiers) write(some []keptVerifier) error {
	return v.local.Write(func(ctx context.Context, conn *sql.Conn) (err error) {
		put, err := conn.PrepareContext(ctx, `INSERT INTO verifier (account, key, kib, tag) VALUES (?, ?, ?, ?)
			ON CONFLICT (account) DO UPDATE SET key = excluded.key, kib = excluded.kib, tag = excluded.tag`)
		if err != nil {
			return err
		}
		defer put.Close()
		for _, made := range some {
			if _, err := put.ExecContext(ctx, string(made.account), made.Key, made.KiB, made.Tag[:]); err != nil {
				return err
			}
		}
		return nil
	})
}

// deleteOthers overwrites a verifier before it deletes it: a free page of the file keeps what was in it.
func (v *Verifiers) deleteOthers(ctx context.Context) error {
	v.mu.Lock()
	keys, due := v.keys, v.drop
	v.mu.Unlock()
	if !due || len(keys) == 0 {
		return nil
	}
	args := make([]any, len(keys))
	for i, k := range keys {
		args[i] = k
	}
	others := "rowid IN (SELECT rowid FROM verifier WHERE key NOT IN " + placeholdersFrom(1, len(keys)) + fmt.Sprintf(" LIMIT %d)", verifiersAtOnce)
	for left := int64(1); left > 0 && ctx.Err() == nil; {
		if err := v.local.Write(func(ctx context.Context, conn *sql.Conn) error {
			overwrite := "UPDATE verifier SET tag = zeroblob(length(tag)) WHERE " + others //nolint:gosec // G202: marks of ours
			if _, err := conn.ExecContext(ctx, overwrite, args...); err != nil {
				return err
			}
			result, err := conn.ExecContext(ctx, "DELETE FROM verifier WHERE "+others, args...) //nolint:gosec // G202: marks of ours
			if err != nil {
				return err
			}
			left, err = result.RowsAffected()
			return err
		}); err != nil {
			return fmt.Errorf("verifiers of passwords under a key that is not in force: %w", err)
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.drop = ctx.Err() != nil || !slices.Equal(keys, v.keys)
	return nil
}
