package reconcile

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// maxLookups bounds the RecordIDs that are looked up elsewhere, unless records were moved (Options.Moved). If more are
// missing than that, it is the wrong store or a disaster, and not a reassigned login. A variable for tests.
var maxLookups int64 = 10_000

// joinStore walks through the store and the answers side by side, both in RecordID order.
func (r *run) joinStore(ctx context.Context) error {
	sorted, err := r.logged.SortContext(ctx)
	if err != nil {
		return err
	}
	answers, err := newAnswers(sorted)
	if err != nil {
		return err
	}
	j := &storeJoin{run: r, answers: answers}
	if err := j.advance(); err != nil {
		return err
	}
	err = r.opt.Records.Scan(ctx, r.opt.Day, func(rec *store.Record) error {
		if j.rows++; j.rows%step == 0 {
			if err := look(ctx, r.opt.ReadingStore, j.rows, 0); err != nil {
				return err
			}
		}
		return j.record(rec)
	})
	if err == nil {
		err = look(ctx, r.opt.ReadingStore, j.rows, 0) // a scan that was cut short must not pass for a short day
	}
	if err == nil {
		err = j.rest()
	}
	if err != nil {
		return err
	}
	if j.copies > 0 {
		r.result.warn("%d entries are in several audit logs in the same words, and count once", j.copies)
	}
	r.checkNotEmpty()
	return nil
}

// checkNotEmpty keeps a comparison with nothing from passing for a proof.
func (r *run) checkNotEmpty() {
	switch logins := r.result.Answered + r.result.Unanswered; {
	case logins > 0:
	case r.result.Stored > 0:
		r.result.add(AuditWithoutLogins, Difference{Detail: fmt.Sprintf("%d records are stored", r.result.Stored)})
	default:
		r.result.warn("neither the audit logs nor the store have a login of %s", r.opt.Day)
	}
}

// storeJoin is the walk.
type storeJoin struct {
	*run
	answers *answers
	answer  answer // the first that has not met its record; valid while more
	more    bool
	last    uuid.UUID // of the record before
	rows    int64
	copies  int64
	bounded bool   // more are missing than are looked up
	line    []byte // reused
}

func (j *storeJoin) advance() (err error) {
	j.answer, j.more, err = j.answers.take()
	return err
}

// record meets one record with its answer, and passes it on to the join with the report.
func (j *storeJoin) record(rec *store.Record) error {
	switch order := bytes.Compare(j.last[:], rec.ID[:]); {
	case order > 0:
		return fmt.Errorf("the store gives record %s after %s: not in order", rec.ID, j.last)
	case order == 0:
		j.result.add(StoredTwice, Difference{RecordID: rec.ID.String(), Detail: "the same RecordID again; " + describe(rec)})
		return nil
	}
	j.last = rec.ID
	j.result.Stored++
	for j.more && bytes.Compare(j.answer.id[:], rec.ID[:]) < 0 {
		if err := j.withoutRecord(j.answer); err != nil {
			return err
		}
		if err := j.advance(); err != nil {
			return err
		}
	}
	if j.more && j.answer.id == rec.ID {
		j.withRecord(j.answer, rec)
		if err := j.advance(); err != nil {
			return err
		}
	} else {
		kind := StoredNotInAudit
		if !j.covered(rec) {
			kind = AuditGap
		}
		j.result.add(kind, Difference{RecordID: rec.ID.String(), Detail: describe(rec)})
	}
	return j.addRecord(rec)
}

// rest are the answers after the last record.
func (j *storeJoin) rest() error {
	for j.more {
		if err := j.withoutRecord(j.answer); err != nil {
			return err
		}
		if err := j.advance(); err != nil {
			return err
		}
	}
	return nil
}

func (j *storeJoin) withRecord(a answer, rec *store.Record) {
	j.count(a)
	id := a.id.String()
	if a.unanswered {
		j.result.add(StoredUnanswered, Difference{RecordID: id, Where: j.place(a.first), Detail: describe(rec)})
	}
	as, _, here := a.onAny(j.days)
	other := a.other(j.days)
	switch {
	case other != 0 && !here:
		j.result.add(OtherDay, Difference{RecordID: id, Where: j.place(a.first), Detail: otherDay(other, rec)})
	case other != 0:
		j.result.add(BothDays, bothDays(a.id, other, describe(rec)))
	case a.again && int64(len(j.again)) < maxLookups:
		j.again = append(j.again, a.id)
	}
	if here && as != j.opt.Day { // a closed date
		j.result.add(OtherDay, Difference{RecordID: id, Where: j.place(a.first), Detail: otherDay(as, rec)})
	}
	j.compareFlag(rec, here)
}

// compareFlag compares what was answered with what is stored: the line of the report was made with the stored 异常标识. An answer
// of another day is that of the other day's record, unless no answer is of this day: then the record was moved.
func (j *storeJoin) compareFlag(rec *store.Record, here bool) {
	days := j.days
	if !here {
		days = nil
	}
	if l := otherFlag(j.answers.group, rec.Flag, days); l != nil {
		j.result.add(FlagDiffers, Difference{
			RecordID: rec.ID.String(), Where: j.place(mark{l.file(), l.line()}),
			Detail: fmt.Sprintf("answered 异常标识 %s, recorded %s; %s", l.flag(), rec.Flag, describe(rec)),
		})
	}
}

func otherDay(answered calendar.TradingDay, rec *store.Record) string {
	detail := fmt.Sprintf("answered as %s, stored as %s; %s", answered, rec.TradingDay, describe(rec))
	return detail
}

func bothDays(id uuid.UUID, other calendar.TradingDay, detail string) Difference {
	return Difference{RecordID: id.String(), Detail: "and on " + other.String() + "; " + detail}
}

// withoutRecord is about an answer that has no record on this day. Those of other days are
// not looked at, those of closed dates are, since no other day has them; an unanswered entry alone has no day, and its
// record meets it on that record's day.
func (j *storeJoin) withoutRecord(a answer) error {
	if _, _, here := a.onAny(j.days); !here {
		return nil
	}
	j.count(a)
	if j.lookups == maxLookups && !j.opt.Moved {
		if !j.bounded {
			j.bounded = true
			j.result.warn("more than %d records are missing; only so many were looked for on other days and in the local store", maxLookups)
		}
		j.addMissing(a)
		return nil
	}
	j.lookups++
	for entry := j.answers.group; len(entry) > 0; entry = entry[loggedLen:] {
		if err := j.absent.Add(entry[:loggedLen]); err != nil {
			return err
		}
	}
	return nil
}

func (j *storeJoin) count(a answer) {
	j.copies += a.copies
	if a.unanswered {
		j.result.Unanswered++
	} else {
		j.result.Answered++
	}
	if a.submissions > 0 {
		j.result.Submitted++
	}
	if a.answers() < 2 {
		return
	}
	kind := AnsweredTwice
	if a.logins == 0 {
		kind = SubmittedAgain
	}
	j.result.add(kind, Difference{
		RecordID: a.id.String(), Where: j.place(a.second), Before: j.place(a.first),
		Detail: fmt.Sprintf("%d entries", a.answers()),
	})
}

// lookUpAgain finds out which submissions that were sent again are on another day too: their first answers may have got
// lost with their lines.
func (r *run) lookUpAgain(ctx context.Context) error {
	for _, id := range r.again {
		rec, err := r.opt.Records.Find(ctx, id) // of the first of its days
		if errors.Is(err, store.ErrNotFound) {
			continue // it was removed meanwhile
		}
		if err != nil {
			return err
		}
		if rec.TradingDay != r.opt.Day {
			r.result.add(BothDays, bothDays(id, rec.TradingDay, describe(&rec)))
		}
	}
	if int64(len(r.again)) == maxLookups {
		r.result.warn("more than %d submissions were sent again; only so many were looked for on other days", maxLookups)
	}
	return nil
}

// lookUpMissing finds out whether records that are not on this day are elsewhere.
func (r *run) lookUpMissing(ctx context.Context) error {
	sorted, err := r.absent.SortContext(ctx)
	if err != nil {
		return err
	}
	answers, err := newAnswers(sorted)
	if err != nil {
		return err
	}
	for {
		batch, err := answers.batch()
		if err != nil || len(batch) == 0 {
			return err
		}
		if err := r.lookUpBatch(ctx, batch); err != nil {
			return err
		}
	}
}

func (r *run) lookUpBatch(ctx context.Context, batch []answer) error {
	ids, found := make([]uuid.UUID, len(batch)), make(map[uuid.UUID]store.Record)
	for i := range batch {
		ids[i] = batch[i].id
	}
	err := r.opt.Records.FindAll(ctx, ids, func(rec *store.Record) error {
		if first, twice := found[rec.ID]; !twice || rec.TradingDay < first.TradingDay {
			kept := *rec
			kept.Terminal, kept.Supplement = nil, nil
			found[rec.ID] = kept
		}
		return nil
	})
	for i := 0; i < len(batch) && err == nil; i++ {
		rec, there := found[batch[i].id]
		err = r.lookUp(ctx, batch[i], &rec, there)
	}
	return err
}

// lookUp is about an answer whose record is in the store on another day, or was not found there.
func (r *run) lookUp(ctx context.Context, a answer, rec *store.Record, there bool) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	as, _, _ := a.onAny(r.days)
	switch {
	case there && rec.TradingDay == r.opt.Day:
		r.addAnswer(StoredMeanwhile, a, describe(rec))
		return nil
	case there && a.other(r.days) == rec.TradingDay:
		// That day was answered too and has its own record: this day's is missing.
	case there:
		r.addAnswer(OtherDay, a, otherDay(as, rec))
		return nil
	}
	if r.opt.Journal != nil {
		rec, err := r.opt.Journal.Find(ctx, a.id)
		if err == nil && (rec.TradingDay == r.opt.Day || a.other(r.days) != rec.TradingDay) {
			r.addAnswer(NotForwarded, a, describe(&rec))
			return nil
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("local store: %w", err)
		}
	}
	r.addMissing(a)
	return nil
}

func (r *run) addMissing(a answer) {
	if a.unanswered {
		r.addAnswer(UnansweredNotStored, a, "")
		return
	}
	r.addAnswer(AnsweredNotStored, a, "")
}

func (r *run) addAnswer(k Kind, a answer, detail string) {
	_, at, here := a.onAny(r.days)
	if !here {
		at = a.first
	}
	r.result.add(k, Difference{RecordID: a.id.String(), Where: r.place(at), Detail: detail})
}

func (r *run) place(m mark) string { return place(r.opt.Audit[m.file], m.line) }

// describe identifies the login for an operator.
func describe(rec *store.Record) string {
	detail := fmt.Sprintf("account %s, %s, AppID %s, front %d, session %d", rec.Account, show.Time(rec.LoginTime), rec.AppID, rec.FrontID, rec.SessionID)
	if rec.RelayAppID != "" {
		detail += ", relay " + string(rec.RelayAppID)
	}
	return detail
}
