package prepare

import (
	"context"
	"errors"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/loadtest/population"
	"github.com/tradefront/tradefront/internal/store/journal"
)

// TestAddSaysWhetherItMayHaveAdded: an error before all is written is one of nothing changed; behind that the COMMIT may have arrived.
func TestAddSaysWhetherItMayHaveAdded(t *testing.T) {
	t.Parallel()
	p, err := population.New(population.Options{BrokerID: "9999", Accounts: 600, Apps: 2, OperatorRelays: 1, InvestorRelays: 1})
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	key := filepath.Join(folder, "master.key")
	if err := auth.CreateMasterKey(key); err != nil {
		t.Fatal(err)
	}
	store, err := journal.Open(t.Context(), filepath.Join(folder, "tradefront.db"), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	d := directory.New(store.Tables())
	master, err := auth.LoadMasterKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for endsAt, perhaps := range map[int]bool{1: false, 600 + 1 + 4: true} {
		ctx, cancel := context.WithCancel(t.Context())
		o := Options{Master: master, Params: local.Params{MemoryKiB: 64, Iterations: 1}, Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
		o.Progress = func(rows int) {
			if rows >= endsAt {
				cancel()
			}
		}
		err := Add(ctx, d, p, o)
		cancel()
		if err == nil || errors.Is(err, ErrPerhapsAdded) != perhaps {
			t.Errorf("ended at row %d: %v, perhaps added %v, want %v", endsAt, err, errors.Is(err, ErrPerhapsAdded), perhaps)
		}
	}
}
