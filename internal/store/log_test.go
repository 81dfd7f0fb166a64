package store_test

import (
	"errors"
	"fmt"
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

// TestAnswerAfterPostgresWhenItIsAway: logins are refused before anything is written, from
// the very start of a front that never met PostgreSQL; when it comes, they succeed.
func TestAnswerAfterPostgresWhenItIsAway(t *testing.T) {
	c := pgtest.Start(t)
	openPostgresAt(t, c.URL(), store.PostgresOptions{})
	c.Stop(pgtest.Fast)
	l, p := openLocal(t), connect(t, c.URL(), store.PostgresOptions{})
	f := startForwarder(t, l, p, store.ForwarderOptions{})
	log := newLog(t, l, f, store.LogOptions{AnswerAfter: store.AfterPostgres, Patience: patience})
	rec := storetest.Record(storetest.Day)
	for range 3 {
		wantRefusedUnwritten(t, l, log.Append(within(t), &rec))
		c.Start()
		eventually(t, f.LastError)
		answered := storetest.Record(storetest.Day)
		if err := log.Append(within(t), &answered); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Find(t.Context(), answered.ID); err != nil {
			t.Errorf("answered, and in PostgreSQL: %v", err)
		}
		c.Stop(pgtest.Immediate) // with nothing to send: the probe finds out
		unhealthy(t, f)
	}
}

// TestAnswerAfterPostgresWhenItFreezes: whoever waits is answered after its patience; soon
// nobody begins to wait, whether a batch hangs or there is nothing to send.
func TestAnswerAfterPostgresWhenItFreezes(t *testing.T) {
	c := pgtest.Start(t)
	l, p := openLocal(t), openPostgresAt(t, c.URL(), store.PostgresOptions{BatchPatience: time.Hour})
	f := startForwarder(t, l, p, store.ForwarderOptions{})
	hasty := newLog(t, l, f, store.LogOptions{AnswerAfter: store.AfterPostgres, Patience: time.Millisecond})
	patient := newLog(t, l, f, store.LogOptions{AnswerAfter: store.AfterPostgres, Patience: patience})
	c.Freeze()
	defer c.Thaw()
	first, second := storetest.Record(storetest.Day), storetest.Record(storetest.Day)
	if err := hasty.Append(t.Context(), &first); !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, store.ErrUnconfirmed) {
		t.Fatalf("the first: %v, want ErrUnavailable and ErrUnconfirmed", err)
	}
	unhealthy(t, f) // while the batch of the first still has its hour
	if err := patient.Append(within(t), &second); !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrUnconfirmed) {
		t.Fatalf("the second: %v, want ErrUnavailable, at once", err)
	}
	c.Thaw()
	eventually(t, f.LastError)
	drain(t, f)
	third := storetest.Record(storetest.Day)
	if err := patient.Append(within(t), &third); err != nil {
		t.Fatal(err)
	}
	wantExactly(t, p, storetest.Day, []store.Record{first, third})
}

// TestNobodyWaitsForABatchThatHangs: PostgreSQL answers probes and not the batch, as with
// a synchronous standby that is away. A login that comes after patience does not wait.
func TestNobodyWaitsForABatchThatHangs(t *testing.T) {
	c, p := withoutStandby(t, patience)
	l := openLocal(t)
	f := startForwarder(t, l, p, store.ForwarderOptions{})
	const short = 50 * time.Millisecond
	log := newLog(t, l, f, store.LogOptions{AnswerAfter: store.AfterPostgres, Patience: short})
	recs := storetest.Records(storetest.Day, 2)
	if err := log.Append(t.Context(), &recs[0]); !errors.Is(err, store.ErrUnconfirmed) {
		t.Fatalf("the first: %v, want ErrUnconfirmed", err)
	}
	eventually(t, func() error {
		err := log.Append(t.Context(), &recs[1])
		if errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrUnconfirmed) {
			return nil
		}
		return fmt.Errorf("%w: it waited", err)
	})
	if err := f.LastError(); err != nil {
		t.Errorf("the probe or the batch failed: %v; the test is about neither", err)
	}
	setting(t, session(t, c.URL()), "synchronous_standby_names", "")
	drain(t, f)
}

func wantRefusedUnwritten(t *testing.T, l *store.Local, err error) {
	t.Helper()
	if !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrUnconfirmed) {
		t.Fatalf("%v, want ErrUnavailable and nothing written", err)
	}
	if n, _, err := l.Pending(t.Context()); n != 0 || err != nil {
		t.Errorf("%d records were written, error %v", n, err)
	}
}

func unhealthy(t *testing.T, f *store.Forwarder) {
	t.Helper()
	eventually(t, func() error {
		if f.Healthy() {
			return errors.New("healthy without PostgreSQL")
		}
		return nil
	})
}

func TestLogOptionsAreChecked(t *testing.T) {
	l := openLocalAt(t, filepath.Join(t.TempDir(), "local.db"), store.LocalOptions{})
	for _, opt := range []store.LogOptions{{AnswerAfter: "sometime"}, {AnswerAfter: store.AfterPostgres}} {
		if _, err := store.NewLog(l, nil, opt); err == nil {
			t.Errorf("%+v without a forwarder is accepted", opt)
		}
	}
}
