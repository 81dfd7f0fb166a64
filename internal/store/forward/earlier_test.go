package forward_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// earlierOf is what must be told of a submission of which first was recorded first.
func earlierOf(first store.Record) store.Earlier {
	return store.Earlier{
		KeyVersion: first.KeyVersion, Flag: first.Flag, LoginTime: first.LoginTime, RelayLoginTime: first.RelayLoginTime,
		FrontID: first.FrontID, SessionID: first.SessionID, RelaySealed: first.RelaySealed,
	}
}

func wantEarlier(t *testing.T, what string, r *forward.Recorder, rec store.Record, again bool, want *store.Earlier) {
	t.Helper()
	rec.Flag, rec.KeyVersion = '3', "9.9" // as this connection would have judged it
	switch got, err := r.Submit(t.Context(), &rec, again); {
	case err != nil:
		t.Errorf("%s: %v", what, err)
	case (got == nil) != (want == nil), got != nil && !sameEarlier(*got, *want):
		t.Errorf("%s: told %+v, want %+v", what, got, want)
	}
}

func sameEarlier(a, b store.Earlier) bool {
	return a.LoginTime.Equal(b.LoginTime) && a.RelayLoginTime.Equal(b.RelayLoginTime) && bytes.Equal(a.RelaySealed, b.RelaySealed) &&
		a.KeyVersion == b.KeyVersion && a.Flag == b.Flag && a.FrontID == b.FrontID && a.SessionID == b.SessionID
}

// TestEarlierInTheLocalStore: the embedded driver tells what the first sending left, also of two in one commit, and
// nothing of a new one.
func TestEarlierInTheLocalStore(t *testing.T) {
	t.Parallel()
	l := storetest.OpenJournal(t)
	r, err := forward.NewRecorder(l, nil, forward.RecorderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	first := storetest.SubmittedRecord(storetest.Day)
	want := earlierOf(first)
	if got, err := r.Submit(t.Context(), &first, false); err != nil || got != nil {
		t.Errorf("the first: %+v, %v", got, err)
	}
	for _, again := range []bool{false, true} {
		wantEarlier(t, "again", r, storetest.SubmittedAgain(first, 1), again, &want)
	}
	nextDay := storetest.SubmittedAgain(first, 1)
	nextDay.TradingDay = next
	wantEarlier(t, "on the next day", r, nextDay, true, nil)
}

// TestEarlierInPostgres: the same submission was recorded at the other front, or here and is forwarded. A front that cannot
// ask PostgreSQL answers all the same.
func TestEarlierInPostgres(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1, 2)
	dest := &mute{Destination: h.p}
	f := storetest.Forward(t, h.fronts[2], dest, forward.Options{BatchDelay: time.Millisecond})
	for _, after := range []forward.AnswerAfter{forward.AfterLocal, forward.AfterPostgres} {
		first := of(1, storetest.SubmittedRecord(storetest.Day))
		storetest.AppendAll(t, h.fronts[1], []store.Record{first})
		h.forward(1, h.p)
		r, err := forward.NewRecorder(h.fronts[2], f, forward.RecorderOptions{AnswerAfter: after, Patience: storetest.Patience})
		if err != nil {
			t.Fatal(err)
		}
		want := earlierOf(first)
		wantEarlier(t, "first at the other front", r, storetest.SubmittedAgain(first, 2), true, &want)
		wantEarlier(t, "and once more", r, storetest.SubmittedAgain(first, 2), true, &want)

		here := of(2, storetest.SubmittedRecord(storetest.Day))
		storetest.AppendAll(t, h.fronts[2], []store.Record{here})
		storetest.Drain(t, f)
		want = earlierOf(here)
		wantEarlier(t, "first here, and forwarded", r, storetest.SubmittedAgain(here, 2), true, &want)
		wantEarlier(t, "new", r, of(2, storetest.SubmittedRecord(storetest.Day)), false, nil)

		dest.hang = true
		unasked := of(2, storetest.SubmittedRecord(storetest.Day))
		wantEarlier(t, "PostgreSQL does not say", r, unasked, true, nil)
		dest.hang = false
	}
}

// mute is a PostgreSQL that does not say what it has of a submission.
type mute struct {
	forward.Destination
	hang bool
}

func (m *mute) Earlier(ctx context.Context, rec *store.Record) (*store.Earlier, error) {
	if m.hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return m.Destination.Earlier(ctx, rec)
}
