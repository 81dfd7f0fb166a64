package explain

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
)

// Records is what a store is asked.
type Records interface {
	Find(ctx context.Context, id uuid.UUID) (store.Record, error)
	Exports(ctx context.Context, day calendar.TradingDay) ([]store.Export, error)
}

// Archives are the archive files that are named.
type Archives interface {
	// Find is a record and the path of the file that has it; store.ErrNotFound without one.
	Find(ctx context.Context, id uuid.UUID) (store.Record, string, error)
}

// Record is what became of an accepted login.
type Record struct {
	RecordID   string     `json:"record_id"`
	Stored     bool       `json:"stored"`
	TradingDay string     `json:"trading_day,omitempty"`
	LoginTime  *time.Time `json:"login_time,omitempty"`
	Account    string     `json:"account,omitempty"`
	Flag       string     `json:"flag,omitempty"`
	Exported   []string   `json:"exported,omitempty"` // report files of its day, as the ledger has them
	Lines      []string   `json:"lines,omitempty"`    // file:line of the named reports
	Archive    string     `json:"archive,omitempty"`  // the named archive that has it, where the store has not
	Archived   []string   `json:"archived,omitempty"` // the files of its archived day, by the ledger, where none of those named has it
}

// findRecords looks up every RecordID that the visits name.
func (s *search) findRecords() error {
	found := make(map[string]store.Record)
	for _, id := range s.recordIDs() {
		if err := s.findRecord(id, found); err != nil {
			return err
		}
	}
	if len(found) == 0 {
		return nil
	}
	return s.findLines(found)
}

func (s *search) findRecord(id uuid.UUID, found map[string]store.Record) error {
	if s.opt.Records == nil && s.opt.Archives == nil {
		return nil
	}
	out := Record{RecordID: id.String()}
	rec, err := s.find(id, &out)
	switch {
	case errors.Is(err, store.ErrNotFound) && s.result.StoreErr != nil: // the store may have it
		return nil //nolint:nilerr // StoreErr tells it
	case errors.Is(err, store.ErrNotFound):
		err = s.findArchive(&out)
	case err == nil:
		rec.Supplement = bytes.Clone(rec.Supplement)
		found[out.RecordID] = rec
		out.TradingDay, out.LoginTime, out.Account, out.Flag = rec.TradingDay.String(), &rec.LoginTime, string(rec.Account), rec.Flag.String()
		err = s.findExports(&out, rec.TradingDay)
	}
	if err != nil {
		return err
	}
	s.result.Records = append(s.result.Records, out)
	return nil
}

// leaves reports whether the store failed. It is asked no more then: the visits, which are found without it, are shown.
func (s *search) leaves(err error) bool {
	if err == nil || errors.Is(err, store.ErrNotFound) || s.ctx.Err() != nil {
		return false
	}
	s.opt.Records, s.opt.Archived, s.result.StoreErr = nil, nil, err
	s.warn(true, fmt.Errorf("the store was not read, so what it has of the record and of its day's reports is not shown: %w", err))
	return true
}

// find asks the store, and then the archives.
func (s *search) find(id uuid.UUID, out *Record) (rec store.Record, err error) {
	err = store.ErrNotFound
	if s.opt.Records != nil {
		rec, err = s.opt.Records.Find(s.ctx, id)
		out.Stored = err == nil
		if s.leaves(err) {
			err = store.ErrNotFound
		}
	}
	if errors.Is(err, store.ErrNotFound) && s.opt.Archives != nil {
		rec, out.Archive, err = s.opt.Archives.Find(s.ctx, id)
	}
	return rec, err
}

func (s *search) findExports(out *Record, day calendar.TradingDay) error {
	if s.opt.Records == nil {
		return nil
	}
	exports, err := s.opt.Records.Exports(s.ctx, day)
	for _, x := range exports {
		out.Exported = append(out.Exported, x.File)
	}
	if s.leaves(err) {
		return nil
	}
	return err
}

// findArchive names the archives of the day of a record that is in no store, as the audit log has the day.
func (s *search) findArchive(out *Record) (err error) {
	if s.opt.Archived == nil {
		return nil
	}
	for _, v := range s.result.Visits {
		for i := range v.Entries {
			e := &v.Entries[i]
			day, bad := calendar.ParseTradingDay(e.TradingDay)
			if e.RecordID == out.RecordID && bad == nil {
				out.TradingDay = e.TradingDay
				if out.Archived, err = s.opt.Archived(s.ctx, day); s.leaves(err) {
					return nil
				}
				return err
			}
		}
	}
	return s.guessArchive(out)
}

// longestHoliday is more dates than lie between two trading days.
const longestHoliday = 16

// tillMidnight is from 15:30, when the window of a date ends, to the date after it.
const tillMidnight = 8*time.Hour + 30*time.Minute

// guessArchive is findArchive for a record of which no audit log given has a line, as years later, when the logs were rotated away: a
// RecordID begins with the time of its login. The first date from then on that the ledger has an archive or an export of is its day.
func (s *search) guessArchive(out *Record) error {
	id, err := uuid.Parse(out.RecordID)
	if err != nil || s.opt.Records == nil {
		return nil //nolint:nilerr // no RecordID
	}
	at := time.UnixMilli(int64(binary.BigEndian.Uint64(append([]byte{0, 0}, id[:6]...))))
	for date := range longestHoliday {
		day := calendar.DayOf(at.Add(tillMidnight).AddDate(0, 0, date))
		names, err := s.opt.Archived(s.ctx, day)
		if s.leaves(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(names) > 0 {
			out.TradingDay, out.Archived = day.String(), names
			return nil
		}
		exports, err := s.opt.Records.Exports(s.ctx, day)
		switch {
		case s.leaves(err):
			return nil
		case err != nil || len(exports) > 0:
			return err
		}
	}
	return nil
}

func (s *search) recordIDs() (ids []uuid.UUID) {
	seen := make(map[string]bool)
	for _, v := range s.result.Visits {
		for _, e := range v.Entries {
			if id, err := uuid.Parse(e.RecordID); err == nil && named(&e, s.keys) && !seen[e.RecordID] {
				seen[e.RecordID] = true
				ids = append(ids, id)
			}
		}
	}
	if id, err := uuid.Parse(s.result.Key); err == nil && len(ids) == 0 {
		ids = append(ids, id) // it may be stored although no line of these logs names it
	}
	return ids
}

// findLines looks for the lines of the records in the reports: by the supplement's ciphertext, which no two share.
func (s *search) findLines(found map[string]store.Record) error {
	for _, path := range s.opt.Reports {
		if err := s.findLinesOf(path, found); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	return nil
}

func (s *search) findLinesOf(path string, found map[string]store.Record) (err error) {
	r, err := reportfile.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		l, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if l.Err != nil {
			continue
		}
		for id, rec := range found {
			if bytes.Equal(l.Line.Supplement, rec.Supplement) {
				i := slices.IndexFunc(s.result.Records, func(r Record) bool { return r.RecordID == id })
				s.result.Records[i].Lines = append(s.result.Records[i].Lines, fmt.Sprintf("%s:%d", path, l.Number))
			}
		}
		if l.Number%4096 == 0 && s.ctx.Err() != nil {
			return s.ctx.Err()
		}
	}
}
