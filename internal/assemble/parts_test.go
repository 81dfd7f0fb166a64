package assemble

import (
	"testing"

	"github.com/tradefront/tradefront/internal/config"
)

// TestBoundsOf: where records stay, their number and age are not bounded.
func TestBoundsOf(t *testing.T) {
	cfg := config.Default().Store
	if b := BoundsOf(&cfg); b.Rows != 0 || b.Age != 0 || b.Bytes != 64<<30 || b.Free != 256<<20 {
		t.Errorf("embedded: %+v", b)
	}
	cfg.Driver = DriverPostgres
	if b := BoundsOf(&cfg); b.Rows != 20_000_000 || b.Age.Hours() != 168 || b.Bytes != 64<<30 || b.Free != 256<<20 {
		t.Errorf("postgres: %+v", b)
	}
}
