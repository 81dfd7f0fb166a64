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
	// sweptEach is after how many calls of Flush the verifiers of removed accounts are looked for again: an hour at one in two
	// seconds. To look reads all verifiers, some seconds of a million.
	sweptEach = 1800
	// sweptFirst is the first of those calls, five minutes after the start, when the terminals have come back.
	sweptFirst = 150
	// sweptAtOnce bounds the names that one such look keeps in memory; further ones are for the next call of Flush.
	sweptAtOnce = 10_000
)

// Verifiers keeps verifiers of passwords in the front's own local store, in no other place: neither a backup of PostgreSQL nor another
// front has them. They are written behind the logins; a crash loses those that waited.
type Verifiers struct {
	local Keeper

	mu      sync.Mutex
	pending map[regulation.Account]local.Verifier
	keys    []string // whose verifiers may stay
	drop    bool     // others are to be deleted
	calls   int      // of Flush, since removed accounts were looked for
}

// NewVerifiers is the verifiers in that local store.
func NewVerifiers(keeper Keeper) *Verifiers {
	return &Verifiers{local: keeper, pending: make(map[regulation.Account]local.Verifier), calls: sweptEach - sweptFirst}
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

// Flush writes what waits, and deletes what is under a key that is not in force any more, and at its call sweptFirst and each sweptEach
// calls after it what is of a removed account, in small transactions. What it could
// not write waits for the next.
func (v *Verifiers) Flush(ctx context.Context) error {
	if err := v.deleteOthers(ctx); err != nil {
		return err
	}
	if err := v.sweep(ctx); err != nil {
		return fmt.Errorf("verifiers of passwords of removed accounts: %w", err)
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

// deleteOthers deletes what is under a key that is not in force any more.
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
			deleted, err := erase(ctx, conn, others, args...)
			left = deleted
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

// erase overwrites verifiers before it deletes them: a free page of the file keeps what was in it.
func erase(ctx context.Context, conn *sql.Conn, which string, args ...any) (int64, error) {
	overwrite := "UPDATE verifier SET tag = zeroblob(length(tag)) WHERE " + which //nolint:gosec // G202: words of ours
	if _, err := conn.ExecContext(ctx, overwrite, args...); err != nil {
		return 0, err
	}
	result, err := conn.ExecContext(ctx, "DELETE FROM verifier WHERE "+which, args...) //nolint:gosec // G202: words of ours
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// ofNoAccount is a verifier whose account is neither in this store nor in its mirror of PostgreSQL. With an account goes its verifier,
// which has the account's name.
const ofNoAccount = "NOT EXISTS (SELECT 1 FROM account a WHERE a.account = verifier.account AND a.state <> 2)" +
	" AND NOT EXISTS (SELECT 1 FROM mirror_account m WHERE m.account = verifier.account AND m.state <> 2)"

// sweep deletes the verifiers of removed accounts, when it is time. It finds them beside the logins, whose commits wait for the deleting alone.
func (v *Verifiers) sweep(ctx context.Context) error {
	v.mu.Lock()
	v.calls++
	due := v.calls >= sweptEach
	v.mu.Unlock()
	if !due {
		return nil
	}
	names, err := v.namesOfNoAccount(ctx)
	if err != nil {
		return err
	}
	all := len(names) < sweptAtOnce
	for ctx.Err() == nil && len(names) > 0 {
		some := names[:min(len(names), verifiersAtOnce)]
		names = names[len(some):]
		// One that was added again meanwhile keeps its verifier.
		which := "account IN " + placeholdersFrom(1, len(some)) + " AND " + ofNoAccount
		if err := v.local.Write(func(ctx context.Context, conn *sql.Conn) error {
			_, err := erase(ctx, conn, which, some...)
			return err
		}); err != nil {
			return err
		}
	}
	if all && ctx.Err() == nil {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.calls = 0
	}
	return nil
}

func (v *Verifiers) namesOfNoAccount(ctx context.Context) (names []any, err error) {
	db := v.local.Tables()
	rows, err := db.QueryContext(ctx, "SELECT account FROM verifier WHERE "+ofNoAccount+fmt.Sprintf(" LIMIT %d", sweptAtOnce))
	if err != nil {
		return nil, db.Explain(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, db.Explain(ctx, err)
		}
		names = append(names, name)
	}
	return names, db.Explain(ctx, rows.Err())
}
