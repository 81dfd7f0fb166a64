package auth

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/test/testmain"
)

// TestChangesAreAsGoodAsAll: a registry that takes over changes ends as one that reads all rows, for any change.
func TestChangesAreAsGoodAsAll(t *testing.T) {
	t.Parallel()
	master, stranger := mustMaster(t), mustMaster(t)
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 2))
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, regulation.Zone)
	source := &table{}
	follows, err := NewRegistryAt(source, master, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[regulation.AppID]App)
	type change struct {
		app  regulation.AppID
		gone bool
	}
	var log []change // the i-th made generation i+1
	source.since = func(generation int64) (changed []App, gone []regulation.AppID) {
		for _, c := range log[generation:] {
			if c.gone {
				gone = append(gone, c.app)
			}
		}
		for _, c := range log[generation:] {
			if row, there := rows[c.app]; there && !slices.ContainsFunc(changed, func(a App) bool { return a.AppID == c.app }) {
				changed = append(changed, row)
			}
		}
		return changed, gone
	}
	read := 0
	for range testmain.Fewer(150, 30) {
		for range 1 + random.IntN(3) {
			id := regulation.AppID(fmt.Sprintf("client_%03d_1.0", random.IntN(30)))
			_, there := rows[id]
			if there && random.IntN(4) == 0 {
				delete(rows, id)
				log = append(log, change{id, true})
				continue
			}
			a := app(t, master, id, vectorCode, random.IntN(5) > 0)
			a.Changed = now
			if random.IntN(3) == 0 {
				a.Binding = BindingText{Accounts: fmt.Sprint(random.IntN(9)), Confined: fmt.Sprint(random.IntN(5))}
			}
			switch random.IntN(8) {
			case 0:
				a = app(t, stranger, id, vectorCode, true) // unreadable
			case 1:
				a.Previous = Predecessor{Until: now.Add(time.Duration(random.IntN(9)) * time.Second)}
				if a.Previous.Sealed, err = master.SealPrevious(id, mustCode(t, "AAAAAAAABBBBBBBB"), a.Previous.Until); err != nil {
					t.Fatal(err)
				}
			}
			rows[id] = a
			log = append(log, change{id, false})
		}
		now = now.Add(time.Second)
		source.set(slices.Collect(maps.Values(rows))...)
		source.generation = int64(len(log))
		_, _ = follows.Refresh(t.Context())
		whole, err := NewRegistryAt(&table{generation: 1, apps: source.apps}, master, func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		_, _ = whole.Refresh(t.Context())
		wantSameRegistry(t, seed, follows, whole)
		read = source.reads
	}
	if read != 1 {
		t.Errorf("all rows were read %d times, want once", read)
	}
	// The first AppID with SM4 changes the work of each: all are read.
	national := app(t, master, "client_sm4_1.0", vectorCode, true)
	national.Cipher = SM4
	rows[national.AppID] = national
	log = append(log, change{national.AppID, false})
	source.set(slices.Collect(maps.Values(rows))...)
	source.generation = int64(len(log))
	_, _ = follows.Refresh(t.Context())
	if source.reads != 2 || !follows.snapshot().mixed {
		t.Errorf("%d reads, mixed %v", source.reads, follows.snapshot().mixed)
	}
}

func wantSameRegistry(t *testing.T, seed uint64, got, want *Registry) {
	t.Helper()
	a, b := got.snapshot(), want.snapshot()
	if a.apps.Len() != b.apps.Len() || !maps.Equal(a.unreadable, b.unreadable) || len(a.faults) != len(b.faults) {
		t.Fatalf("seed %d: %d AppIDs, unreadable %v (%d faults), want %d, %v (%d)", seed, a.apps.Len(), a.unreadable, len(a.faults),
			b.apps.Len(), b.unreadable, len(b.faults))
	}
	for _, c := range []confinement{a.confined, b.confined} {
		for _, homes := range c {
			slices.Sort(homes)
		}
	}
	if !maps.EqualFunc(a.confined, b.confined, slices.Equal) {
		t.Fatalf("seed %d: confined %v, want %v", seed, a.confined, b.confined)
	}
	for id, w := range b.apps.All() {
		g, known := a.apps.Get(id)
		if !known || g.enabled != w.enabled || !reflect.DeepEqual(g.binding, w.binding) || !g.until.Equal(w.until) || !sameKey(g.codes[Current].block, w.codes[Current].block) ||
			w.until.IsZero() != sameKey(g.codes[Previous].block, got.dummies[AES]) {
			t.Fatalf("seed %d: %s is %+v, want %+v", seed, id, g, w)
		}
	}
}
