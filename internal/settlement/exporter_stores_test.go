package settlement

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// bothStore is what the tests need of either store.
type bothStore interface {
	storetest.ReportStore
	SurveyStore
	FindAll(ctx context.Context, ids []uuid.UUID, f func(*store.Record) error) error
	AddHandedIn(ctx context.Context, h *store.HandedIn) error
	Close() error
}

// onBothStores runs a test on an empty store of each kind.
func onBothStores(t *testing.T, test func(t *testing.T, s bothStore)) {
	t.Run("embedded", func(t *testing.T) {
		test(t, openLocal(t, filepath.Join(t.TempDir(), "local.db")))
	})
	t.Run("postgres", func(t *testing.T) { test(t, openPostgres(t, storetest.Migrated(t), true)) })
}

func openLocal(t testing.TB, path string) *journal.Journal {
	t.Helper()
	l, err := journal.Open(t.Context(), path, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func openPostgres(t testing.TB, url string, migrate bool) *postgres.Store {
	t.Helper()
	p, err := postgres.Open(t.Context(), storetest.URL(t, url), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	if migrate {
		if _, err := p.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// afterClose is a moment at which the window of const day has closed.
var afterClose = time.Date(2026, 1, 5, 15, 30, 0, 0, regulation.Zone)

func sampleCalendar(t testing.TB) *calendar.Calendar {
	t.Helper()
	cal, err := calendar.Parse(configs.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	return cal
}

func exporter(t testing.TB, s ReportStore, dir string) *Exporter {
	t.Helper()
	return &Exporter{
		Store: s, StoreKind: "test", Calendar: sampleCalendar(t), UnitID: "0001", OutDir: dir,
		Version: "v1", Host: "h", Now: func() time.Time { return afterClose },
	}
}

func mustExport(t testing.TB, x *Exporter, kind store.ExportKind) Done {
	t.Helper()
	d, err := x.Export(t.Context(), day, kind)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func put(t testing.TB, s store.Store, recs ...store.Record) {
	t.Helper()
	if err := s.Put(t.Context(), recs); err != nil {
		t.Fatal(err)
	}
}

// wantFile fails unless the file holds the lines of recs, in RecordID order, and its
// manifest says so.
func wantFile(t testing.TB, path string, kind store.ExportKind, recs []store.Record) *reportfile.Manifest {
	t.Helper()
	recs = slices.Clone(recs)
	slices.SortFunc(recs, func(a, b store.Record) int { return strings.Compare(string(a.ID[:]), string(b.ID[:])) })
	var want []byte
	for _, r := range recs {
		want = append(reportLine(&r).Append(want), '\n')
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s has %d bytes, want %d of %d records", path, len(got), len(want), len(recs))
	}
	m, err := reportfile.ReadManifest(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(want)
	if m.Rows != int64(len(recs)) || m.Bytes != int64(len(want)) || m.SHA256 != hex.EncodeToString(sum[:]) || m.Kind != kind {
		t.Errorf("manifest %+v", m)
	}
	return m
}

func status(t testing.TB, s SurveyStore) DayStatus {
	t.Helper()
	d, err := (&Survey{Store: s, Calendar: sampleCalendar(t)}).Status(t.Context(), afterClose, day)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func reportPath(dir, suffix string) string {
	return filepath.Join(dir, "0001clientinfo20260105"+suffix+".txt")
}
