package store_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

func newLog(t *testing.T, l *store.Local, f *store.Forwarder, opt store.LogOptions) *store.Log {
	t.Helper()
	log, err := store.NewLog(l, f, opt)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func TestAnswerAfterLocal(t *testing.T) {
	l := openLocal(t)
	log, rec := newLog(t, l, nil, store.LogOptions{}), storetest.Record(storetest.Day)
	if err := log.Append(t.Context(), &rec); err != nil {
		t.Fatal(err)
	}
	wantExactly(t, l, storetest.Day, []store.Record{rec})
}

// TestAnswerAfterPostgres: once Append has returned, the record is in PostgreSQL.
func TestAnswerAfterPostgres(t *testing.T) {
	l, p := openLocal(t), openPostgres(t)
	f := startForwarder(t, l, p, store.ForwarderOptions{})
	log := newLog(t, l, f, store.LogOptions{AnswerAfter: store.AfterPostgres, Patience: patience})
	for range 5 {
		rec := storetest.Record(storetest.Day)
		if err := log.Append(t.Context(), &rec); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Find(t.Context(), rec.ID); err != nil {
			t.Errorf("answered, and in PostgreSQL: %v", err)
		}
	}
}

// TestAnswerAfterPostgresWhenItIsAway: the first login finds out and stays recorded; those
// after it are refused before anything is written; with PostgreSQL back, they succeed.
func TestAnswerAfterPostgresWhenItIsAway(t *testing.T) {
	c := pgtest.Start(t)
	l, p, seen := openLocal(t), openPostgresAt(t, c.URL(), store.PostgresOptions{}), newLedger()
	f := startForwarder(t, l, p, store.ForwarderOptions{Observer: seen})
	hasty := newLog(t, l, f, store.LogOptions{AnswerAfter: store.AfterPostgres, Patience: 100 * time.Millisecond})
	c.Stop(pgtest.Fast)

	first, second, third := storetest.Record(storetest.Day), storetest.Record(storetest.Day), storetest.Record(storetest.Day)
	if err := hasty.Append(t.Context(), &first); !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, store.ErrUnconfirmed) {
		t.Fatalf("the first: %v, want ErrUnavailable", err)
	}
	eventually(t, func() error {
		if f.Healthy() {
			return errors.New("healthy without PostgreSQL")
		}
		return nil
	})
	if err := hasty.Append(t.Context(), &second); !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrUnconfirmed) {
		t.Fatalf("the second: %v, want ErrUnavailable", err)
	}
	wantExactly(t, l, storetest.Day, []store.Record{first})

	c.Start()
	drain(t, f)
	eventually(t, f.LastError)
	patient := newLog(t, l, f, store.LogOptions{AnswerAfter: store.AfterPostgres, Patience: patience})
	if err := patient.Append(t.Context(), &third); err != nil {
		t.Fatal(err)
	}
	wantExactly(t, p, storetest.Day, []store.Record{first, third})
}

func TestLogOptionsAreChecked(t *testing.T) {
	l := openLocalAt(t, filepath.Join(t.TempDir(), "local.db"), store.LocalOptions{})
	for _, opt := range []store.LogOptions{{AnswerAfter: "sometime"}, {AnswerAfter: store.AfterPostgres}} {
		if _, err := store.NewLog(l, nil, opt); err == nil {
			t.Errorf("%+v without a forwarder is accepted", opt)
		}
	}
}
