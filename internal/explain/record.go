package explain

import (
	"bytes"
	"context"
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
}

// findRecords looks up every RecordID that the visits name.
func (s *search) findRecords() error {
	if s.opt.Records == nil {
		return nil
	}
	found := make(map[string]store.Record)
	for _, id := range s.recordIDs() {
		rec, err := s.opt.Records.Find(s.ctx, id)
		out := Record{RecordID: id.String(), Stored: err == nil}
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return err
		default:
			rec.Supplement = bytes.Clone(rec.Supplement)
			found[out.RecordID] = rec
			out.TradingDay, out.LoginTime, out.Account, out.Flag = rec.TradingDay.String(), &rec.LoginTime, string(rec.Account), rec.Flag.String()
			exports, err := s.opt.Records.Exports(s.ctx, rec.TradingDay)
			if err != nil {
				return err
			}
			for _, x := range exports {
				out.Exported = append(out.Exported, x.File)
			}
		}
		s.result.Records = append(s.result.Records, out)
	}
	if len(found) == 0 {
		return nil
	}
	return s.findLines(found)
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
