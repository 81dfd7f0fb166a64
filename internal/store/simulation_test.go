package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// unreliable is a destination that fails as its seed says: before it has stored, or after
// (committed but reported as failed), and that refuses poison and, by COPY, what it has.
type unreliable struct {
	mu      sync.Mutex
	random  *rand.Rand
	healed  bool
	stored  map[uuid.UUID]int // how often a record was inserted
	poison  map[uuid.UUID]bool
	calls   int
	failing int // percent
}

func (u *unreliable) CopyIn(_ context.Context, recs []store.Record) error {
	return u.write(recs, func(r *store.Record) error {
		if u.stored[r.ID] > 0 {
			return &store.RefusedError{Err: fmt.Errorf("%v is there already", r.ID)}
		}
		return nil
	})
}

func (u *unreliable) Probe(context.Context) error { return nil }

func (u *unreliable) Put(_ context.Context, recs []store.Record) error {
	return u.write(recs, func(*store.Record) error { return nil })
}

func (u *unreliable) write(recs []store.Record, check func(*store.Record) error) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.calls++
	lot := u.random.IntN(100)
	if !u.healed && lot < u.failing/2 {
		return errors.New("failed")
	}
	for i := range recs {
		if u.poison[recs[i].ID] {
			return &store.RefusedError{Err: errors.New("poison")}
		}
		if err := check(&recs[i]); err != nil {
			return err
		}
	}
	for i := range recs {
		if u.stored[recs[i].ID] == 0 {
			u.stored[recs[i].ID]++
		}
	}
	if !u.healed && lot < u.failing {
		return &store.InDoubtError{Err: errors.New("failed but committed")}
	}
	return nil
}

func (u *unreliable) heal() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.healed = true
}

// TestSimulatedForwarding: under any faults nothing is lost (a row leaves the local store
// only when it is stored or in quarantine), and when the faults end, all rows arrive.
func TestSimulatedForwarding(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { simulate(t, rand.New(rand.NewPCG(seed, 0))) })
	}
}

func simulate(t *testing.T, random *rand.Rand) {
	path := filepath.Join(t.TempDir(), "local.db")
	dest := &unreliable{
		random: rand.New(rand.NewPCG(random.Uint64(), 1)), failing: random.IntN(60), stored: make(map[uuid.UUID]int),
		poison: make(map[uuid.UUID]bool),
	}
	opt := store.ForwarderOptions{BatchRows: 1 + random.IntN(40), BatchDelay: time.Millisecond}
	var all []store.Record
	for range 3 { // three lives of the process; each ends wherever it is
		l := openLocalAt(t, path, store.LocalOptions{})
		f := startForwarder(t, l, dest, opt)
		recs := storetest.Records(storetest.Day, 30+random.IntN(60))
		for i := range recs {
			if random.IntN(40) == 0 {
				dest.mu.Lock()
				dest.poison[recs[i].ID] = true
				dest.mu.Unlock()
			}
		}
		appendAll(t, l, recs)
		all = append(all, recs...)
		f.Close()
		checkNothingLost(t, l, dest, all)
		closeIt(t, l)
	}
	dest.heal()
	l := openLocalAt(t, path, store.LocalOptions{})
	f := startForwarder(t, l, dest, opt)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := f.Drain(ctx); err != nil {
		var refused *store.RefusedError // the last record may be a poison one
		if !errors.As(err, &refused) {
			t.Fatal(err)
		}
	}
	wantEmpty(t, l)
	checkNothingLost(t, l, dest, all)
}

// checkNothingLost: every record is stored, waiting or in quarantine, and only poison is
// in quarantine.
func checkNothingLost(t *testing.T, l *store.Local, dest *unreliable, all []store.Record) {
	t.Helper()
	waiting := stored(t, l, storetest.Day)
	refused, err := l.Quarantine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	aside := make(map[uuid.UUID]bool)
	for _, r := range refused {
		aside[r.Record.ID] = true
	}
	dest.mu.Lock()
	defer dest.mu.Unlock()
	for _, r := range all {
		_, isWaiting := waiting[r.ID]
		if dest.stored[r.ID] == 0 && !isWaiting && !aside[r.ID] {
			t.Errorf("%v is lost", r.ID)
		}
		if aside[r.ID] && !dest.poison[r.ID] {
			t.Errorf("%v is in quarantine and nothing is wrong with it", r.ID)
		}
	}
}
