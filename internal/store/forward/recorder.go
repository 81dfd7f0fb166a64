package forward

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/store"
)

// AnswerAfter is the milestone that the answer to a login waits for.
type AnswerAfter string

// The two milestones.
const (
	AfterLocal    AnswerAfter = "local"    // the commit of this front's local store
	AfterPostgres AnswerAfter = "postgres" // the commit of PostgreSQL
)

// DefaultPatience is RecorderOptions.Patience where it is 0.
const DefaultPatience = 3 * time.Second

// RecorderOptions say when a record counts as durable.
type RecorderOptions struct {
	AnswerAfter AnswerAfter // "" is AfterLocal
	// Patience is how long an answer waits for PostgreSQL after the local commit.
	Patience time.Duration
}

// Recorder is what the gateway writes to: it returns when the login may be answered.
type Recorder struct {
	local     Journal
	forwarder *Forwarder // nil where records stay in the local store
	opt       RecorderOptions
}

// NewRecorder combines a local store with its forwarder, which may be nil if answers do not
// wait for PostgreSQL. The caller starts and closes both.
func NewRecorder(local Journal, forwarder *Forwarder, opt RecorderOptions) (*Recorder, error) {
	if opt.AnswerAfter == "" {
		opt.AnswerAfter = AfterLocal
	}
	if opt.Patience == 0 {
		opt.Patience = DefaultPatience
	}
	switch {
	case opt.AnswerAfter != AfterLocal && opt.AnswerAfter != AfterPostgres:
		return nil, fmt.Errorf("store: answer_after is %q, want local or postgres", opt.AnswerAfter)
	case opt.AnswerAfter == AfterPostgres && forwarder == nil:
		return nil, errors.New("store: answer_after is postgres, but records are not forwarded")
	}
	return &Recorder{local, forwarder, opt}, nil
}

// Append makes rec as durable as answers want it. After an error the login must not be
// answered with success.
//
// ErrInDoubt, which may come with another: the record is there or not, see journal.Journal.Append. ErrOverloaded, ErrDiskFull,
// ErrBroken, ErrMoved, ErrClosed and the end of ctx without it: nothing was recorded.
//
// ErrUnavailable, only with AfterPostgres: PostgreSQL is known to be away, or not to take records of
// the day, and nothing was recorded. Or, with ErrUnconfirmed, PostgreSQL did not answer in time: the
// record stays, will be forwarded, and is in the report although its login was refused.
func (r *Recorder) Append(ctx context.Context, rec *store.Record) error {
	_, err := r.record(ctx, rec)
	return err
}

// Submit is Append of a submission, and says what was recorded of it before; nil if it is the first, as far as is known. Of
// one that its relay says it sends again, PostgreSQL is asked too: another front may have it, or this one had it and has
// forwarded it. If PostgreSQL does not answer soon, what is known here counts.
func (r *Recorder) Submit(ctx context.Context, rec *store.Record, again bool) (*store.Earlier, error) {
	earlier, err := r.record(ctx, rec)
	if err != nil || !again || r.forwarder == nil {
		return earlier, err
	}
	if there := r.forwarder.earlier(ctx, rec); there != nil {
		return there, nil // the first that PostgreSQL has stays
	}
	return earlier, nil
}

func (r *Recorder) record(ctx context.Context, rec *store.Record) (earlier *store.Earlier, err error) {
	if r.opt.AnswerAfter == AfterLocal {
		_, earlier, err = r.local.Submit(ctx, rec)
		return earlier, err
	}
	if err := r.forwarder.unreachable(r.opt.Patience, rec.TradingDay); err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	seq, earlier, err := r.local.Submit(ctx, rec)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.opt.Patience)
	defer cancel()
	if err := r.forwarder.waitFor(ctx, seq, rec.TradingDay); err != nil {
		return nil, fmt.Errorf("%w: %w: %w", store.ErrUnavailable, store.ErrUnconfirmed, err)
	}
	return earlier, nil
}
