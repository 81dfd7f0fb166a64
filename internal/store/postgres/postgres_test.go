package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

func TestPutIsAllOrNone(t *testing.T) {
	t.Parallel()
	p := storetest.OpenPostgres(t)
	for name, write := range map[string]func(context.Context, []store.Record) error{"Put": p.Put, "CopyIn": p.CopyIn} {
		recs := storetest.Records(storetest.Day, 20)
		recs[13].AppID = "\xff\xfe" // not UTF-8
		var refused *store.RefusedError
		if err := write(t.Context(), recs); !errors.As(err, &refused) {
			t.Errorf("%s: %v, want a RefusedError", name, err)
		}
		storetest.WantExactly(t, p, storetest.Day, nil)
	}
}

func TestCopyInRefusesWhatIsThere(t *testing.T) {
	t.Parallel()
	p, recs := storetest.OpenPostgres(t), storetest.Records(storetest.Day, 20)
	if err := p.CopyIn(t.Context(), recs[5:6]); err != nil {
		t.Fatal(err)
	}
	var refused *store.RefusedError
	if err := p.CopyIn(t.Context(), recs); !errors.As(err, &refused) {
		t.Errorf("CopyIn: %v, want a RefusedError", err)
	}
	storetest.WantExactly(t, p, storetest.Day, recs[5:6])
}

// TestNewDayWithManyFronts: all meet a day without partition at once.
func TestNewDayWithManyFronts(t *testing.T) {
	t.Parallel()
	url := storetest.Migrated(t)
	first := storetest.OpenPostgresAt(t, url, postgres.Options{})
	var all []store.Record
	var wg sync.WaitGroup
	for range 6 {
		front, recs := storetest.Connect(t, url, postgres.Options{}), storetest.Records(storetest.Day, 20)
		all = append(all, recs...)
		wg.Go(func() {
			if err := front.CopyIn(t.Context(), recs); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	storetest.WantExactly(t, first, storetest.Day, all)
}

// TestNewDayBesideReport: making a partition must not wait for a report that is being read.
func TestNewDayBesideReport(t *testing.T) {
	t.Parallel()
	url := storetest.Migrated(t)
	p := storetest.OpenPostgresAt(t, url, postgres.Options{BatchPatience: 10 * time.Second})
	if err := p.Put(t.Context(), storetest.Records(storetest.Day, 5)); err != nil {
		t.Fatal(err)
	}
	report := storetest.Session(t, url)
	storetest.RunSQL(t, report, "BEGIN", "SELECT count(*) FROM record") // holds its lock until the end
	if err := p.EnsurePartitions(t.Context(), []calendar.TradingDay{storetest.Day + 1, storetest.Day + 2}); err != nil {
		t.Fatal(err)
	}
	if err := p.Put(t.Context(), storetest.Records(storetest.Day+3, 5)); err != nil {
		t.Fatal(err)
	}
	storetest.RunSQL(t, report, "COMMIT")
}

// TestDroppedPartitionIsMadeAgain: retention drops old days beside a front that knew them.
func TestDroppedPartitionIsMadeAgain(t *testing.T) {
	t.Parallel()
	url := storetest.Migrated(t)
	p := storetest.OpenPostgresAt(t, url, postgres.Options{})
	if err := p.Put(t.Context(), storetest.Records(storetest.Day, 5)); err != nil {
		t.Fatal(err)
	}
	storetest.RunSQL(t, storetest.Session(t, url), fmt.Sprintf("DROP TABLE record_%v", storetest.Day))
	recs := storetest.Records(storetest.Day, 5)
	if err := p.CopyIn(t.Context(), recs); err != nil {
		t.Fatal(err)
	}
	storetest.WantExactly(t, p, storetest.Day, recs)
}

func TestImpossibleDayIsRefused(t *testing.T) {
	t.Parallel()
	p := storetest.OpenPostgres(t)
	var refused *store.RefusedError
	if err := p.EnsurePartitions(t.Context(), []calendar.TradingDay{7}); !errors.As(err, &refused) {
		t.Errorf("%v, want a RefusedError", err)
	}
}

// TestScanReadsOnePartition asks PostgreSQL's planner.
func TestScanReadsOnePartition(t *testing.T) {
	t.Parallel()
	url := storetest.Migrated(t)
	p := storetest.OpenPostgresAt(t, url, postgres.Options{})
	for day := range calendar.TradingDay(3) {
		if err := p.Put(t.Context(), storetest.Records(storetest.Day+day, 5)); err != nil {
			t.Fatal(err)
		}
	}
	rows, _ := storetest.Session(t, url).Query(t.Context(), "EXPLAIN SELECT * FROM record WHERE trading_day = 20260106 ORDER BY record_id")
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(plan, "\n")
	if !strings.Contains(text, "record_20260106") || strings.Contains(text, "record_20260105") || strings.Contains(text, "record_20260107") {
		t.Errorf("the plan reads other partitions:\n%s", text)
	}
}

func TestUnfitConnectionIsRefused(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	for parameter, want := range map[string]string{
		"synchronous_commit=off":           "synchronous_commit is off",
		"default_transaction_read_only=on": "read only",
	} {
		err := storetest.Connect(t, storetest.With(url, parameter), postgres.Options{}).Ping(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("with %s: %v, want %q", parameter, err, want)
		}
	}
	if err := storetest.Connect(t, url, postgres.Options{}).Ping(t.Context()); err != nil {
		t.Errorf("a fit connection: %v", err)
	}
}

// TestReadOnlyConnectionIsDiscarded: the server of a pooled connection became a standby.
func TestReadOnlyConnectionIsDiscarded(t *testing.T) {
	t.Parallel()
	c := pgtest.Start(t)
	p := storetest.OpenPostgresAt(t, storetest.With(c.URL(), "application_name=front"), postgres.Options{})
	if err := p.Put(t.Context(), storetest.Records(storetest.Day, 1)); err != nil {
		t.Fatal(err)
	}
	admin := storetest.Session(t, c.URL())
	before := backends(t, admin)
	storetest.Setting(t, admin, "default_transaction_read_only", "on")
	// The connections hear of it at their next statement.
	storetest.Eventually(t, func() error {
		if err := p.Put(t.Context(), storetest.Records(storetest.Day+1, 1)); err == nil {
			return errors.New("a read-only server still takes records")
		}
		return nil
	})
	storetest.Setting(t, admin, "default_transaction_read_only", "off")
	storetest.Eventually(t, func() error { return p.Put(t.Context(), storetest.Records(storetest.Day+2, 1)) })
	for _, pid := range backends(t, admin) {
		if slices.Contains(before, pid) {
			t.Errorf("connection %d became read-only and is still used", pid)
		}
	}
}

func backends(t *testing.T, admin *pgx.Conn) []int32 {
	t.Helper()
	rows, _ := admin.Query(t.Context(), "SELECT pid FROM pg_stat_activity WHERE application_name = 'front'")
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	if err != nil {
		t.Fatal(err)
	}
	return pids
}
