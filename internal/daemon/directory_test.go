package daemon

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// TestSilentPostgresAtTheStart: one that takes connections and says nothing, as behind a
// network that swallows packets, must not keep terminals from a front that can do without
// it for as long as from one that cannot.
func TestSilentPostgresAtTheStart(t *testing.T) {
	t.Parallel()
	var hosts []string // each of which may take its connect_timeout
	for range 2 {
		silent, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { silent.Close() })
		hosts = append(hosts, silent.Addr().String())
	}
	pg, err := postgres.Open(t.Context(), storetest.URL(t, "postgres://front@"+strings.Join(hosts, ",")+"/firm?sslmode=disable"), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pg.Close() })
	d := &Daemon{postgres: pg}
	begin := time.Now()
	if err := d.meetPostgres(t.Context(), true); err == nil {
		t.Error("a silent PostgreSQL is said to be there")
	}
	if took := time.Since(begin); took < restartPatience/2 || took > assemble.ConnectPatience/2 {
		t.Errorf("a front with AppIDs and accounts of its own waited %v, want about %v", took, restartPatience)
	}
}
