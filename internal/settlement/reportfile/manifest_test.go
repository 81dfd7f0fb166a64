package reportfile

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/tradefront/tradefront/internal/store"
)

// A manifest explains the reports of its own store; one that does not name the store, as of an older program, those of any.
func TestManifestExplains(t *testing.T) {
	sum := sha256.Sum256([]byte("x"))
	for _, c := range []struct {
		wrote, asks string
		want        bool
	}{{"a", "a", true}, {"a", "b", false}, {"", "b", true}, {"a", "", true}} {
		m := Manifest{
			Kind: store.FullExport, UnitID: "0001", TradingDay: "20260105", SHA256: hex.EncodeToString(sum[:]),
			Store: ManifestStore{ID: c.wrote, Position: "1"},
		}
		if got := m.Explains("0001", c.asks, 20260105, sum); got != c.want {
			t.Errorf("of store %q, asked by store %q: %v", c.wrote, c.asks, got)
		}
	}
}
