package forward_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

func newLog(t *testing.T, l *journal.Journal, f *forward.Forwarder, opt forward.RecorderOptions) *forward.Recorder {
	t.Helper()
	log, err := forward.NewRecorder(l, f, opt)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func TestAnswerAfterLocal(t *testing.T) {
	t.Parallel()
	l := storetest.OpenJournal(t)
	log, rec := newLog(t, l, nil, forward.RecorderOptions{}), storetest.Record(storetest.Day)
	if err := log.Append(t.Context(), &rec); err != nil {
		t.Fatal(err)
	}
	storetest.WantExactly(t, l, storetest.Day, []store.Record{rec})
}

// TestAnswerAfterPostgres: once Append has returned, the record is in PostgreSQL.
func TestAnswerAfterPostgres(t *testing.T) {
	t.Parallel()
	l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
	f := storetest.Forward(t, l, p, forward.Options{})
	log := newLog(t, l, f, forward.RecorderOptions{AnswerAfter: forward.AfterPostgres, Patience: storetest.Patience})
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
	t.Parallel()
	c := pgtest.Start(t)
	storetest.OpenPostgresAt(t, c.URL(), postgres.Options{})
	c.Stop(pgtest.Fast)
	l, p := storetest.OpenJournal(t), storetest.Connect(t, c.URL(), postgres.Options{})
	f := storetest.Forward(t, l, p, forward.Options{ProbePeriod: 100 * time.Millisecond})
	log := newLog(t, l, f, forward.RecorderOptions{AnswerAfter: forward.AfterPostgres, Patience: storetest.Patience})
	rec := storetest.Record(storetest.Day)
	for range 3 {
		wantRefusedUnwritten(t, l, log.Append(storetest.Within(t), &rec))
		c.Start()
		storetest.Eventually(t, f.LastError)
		answered := storetest.Record(storetest.Day)
		if err := log.Append(storetest.Within(t), &answered); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Find(t.Context(), answered.ID); err != nil {
			t.Errorf("answered, and in PostgreSQL: %v", err)
		}
		c.Stop(pgtest.Immediate) // with nothing to send: the probe finds out
		storetest.Unhealthy(t, f)
	}
}

// TestAnswerAfterPostgresWhenItFreezes: a login that waits is answered after its patience; soon
// no login begins to wait, whether a batch hangs or there is nothing to send.
func TestAnswerAfterPostgresWhenItFreezes(t *testing.T) {
	t.Parallel()
	c := pgtest.Start(t)
	l, p := storetest.OpenJournal(t), storetest.OpenPostgresAt(t, c.URL(), postgres.Options{BatchPatience: time.Hour})
	f := storetest.Forward(t, l, p, forward.Options{})
	hasty := newLog(t, l, f, forward.RecorderOptions{AnswerAfter: forward.AfterPostgres, Patience: time.Millisecond})
	patient := newLog(t, l, f, forward.RecorderOptions{AnswerAfter: forward.AfterPostgres, Patience: storetest.Patience})
	c.Freeze()
	defer c.Thaw()
	first, second := storetest.Record(storetest.Day), storetest.Record(storetest.Day)
	if err := hasty.Append(t.Context(), &first); !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, store.ErrUnconfirmed) {
		t.Fatalf("the first: %v, want ErrUnavailable and ErrUnconfirmed", err)
	}
	storetest.Unhealthy(t, f) // while the batch of the first still has its hour
	if err := patient.Append(storetest.Within(t), &second); !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrUnconfirmed) {
		t.Fatalf("the second: %v, want ErrUnavailable, at once", err)
	}
	c.Thaw()
	storetest.Eventually(t, f.LastError)
	storetest.Drain(t, f)
	third := storetest.Record(storetest.Day)
	if err := patient.Append(storetest.Within(t), &third); err != nil {
		t.Fatal(err)
	}
	storetest.WantExactly(t, p, storetest.Day, []store.Record{first, third})
}

// TestNobodyWaitsForABatchThatHangs: PostgreSQL answers probes and not the batch, as with
// a synchronous standby that is away. A login that comes after patience does not wait.
func TestNobodyWaitsForABatchThatHangs(t *testing.T) {
	t.Parallel()
	c, p := storetest.WithoutStandby(t, storetest.Patience)
	l := storetest.OpenJournal(t)
	f := storetest.Forward(t, l, p, forward.Options{})
	const short = 50 * time.Millisecond
	log := newLog(t, l, f, forward.RecorderOptions{AnswerAfter: forward.AfterPostgres, Patience: short})
	recs := storetest.Records(storetest.Day, 2)
	if err := log.Append(t.Context(), &recs[0]); !errors.Is(err, store.ErrUnconfirmed) {
		t.Fatalf("the first: %v, want ErrUnconfirmed", err)
	}
	storetest.Eventually(t, func() error {
		err := log.Append(t.Context(), &recs[1])
		if errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrUnconfirmed) {
			return nil
		}
		return fmt.Errorf("%w: it waited", err)
	})
	if err := f.LastError(); err != nil {
		t.Errorf("the probe or the batch failed: %v; the test is about neither", err)
	}
	storetest.Setting(t, storetest.Session(t, c.URL()), "synchronous_standby_names", "")
	storetest.Drain(t, f)
}

func wantRefusedUnwritten(t *testing.T, l *journal.Journal, err error) {
	t.Helper()
	if !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrUnconfirmed) {
		t.Fatalf("%v, want ErrUnavailable and nothing written", err)
	}
	if n, _, err := l.Pending(t.Context()); n != 0 || err != nil {
		t.Errorf("%d records were written, error %v", n, err)
	}
}

func TestRecorderOptionsAreChecked(t *testing.T) {
	t.Parallel()
	l := storetest.OpenJournalAt(t, filepath.Join(t.TempDir(), "local.db"), journal.Options{})
	for _, opt := range []forward.RecorderOptions{{AnswerAfter: "sometime"}, {AnswerAfter: forward.AfterPostgres}} {
		if _, err := forward.NewRecorder(l, nil, opt); err == nil {
			t.Errorf("%+v without a forwarder is accepted", opt)
		}
	}
}
