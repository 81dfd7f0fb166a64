package proof

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/loadtest/result"
	"github.com/tradefront/tradefront/internal/regulation"
)

// maxLine bounds a line of answers, in bytes: a ciphertext has 256, or less than 1000 by another algorithm.
const maxLine = 16 << 10

// readAnswers puts all answers into the sort.
func (r *run) readAnswers(ctx context.Context) error {
	for _, path := range r.opt.Answers {
		if err := r.readFile(ctx, path); err != nil {
			return err
		}
	}
	if r.found.Answers == 0 {
		return ErrNothing
	}
	for day := range r.days {
		r.found.Days = append(r.found.Days, day.String())
	}
	slices.Sort(r.found.Days)
	return nil
}

func (r *run) readFile(ctx context.Context, path string) error {
	file, err := files.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	scan := bufio.NewScanner(file)
	scan.Buffer(make([]byte, 0, maxLine), maxLine)
	var done int64
	for n := 1; scan.Scan(); n++ {
		done += int64(len(scan.Bytes())) + 1
		if err := r.readAnswer(scan.Bytes()); err != nil {
			return fmt.Errorf("%s, line %d: %w", path, n, err)
		}
		if n%step == 0 {
			if err := look(ctx, r.opt.ReadingAnswers, done, info.Size()); err != nil {
				return err
			}
		}
	}
	if err := scan.Err(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return look(ctx, r.opt.ReadingAnswers, info.Size(), info.Size())
}

func (r *run) readAnswer(line []byte) error {
	var a result.Answer
	if err := json.Unmarshal(line, &a); err != nil {
		return fmt.Errorf("no answer of `tradefront loadtest run --answers`: %w", err)
	}
	e := entry{
		origin: fromAnswers, address: a.Address,
		items: items{
			login: a.LoginTime, frontID: a.FrontID, sessionID: a.SessionID, text: digestOf(a.Ciphertext), account: a.Account, appID: a.AppID,
		},
	}
	if a.Own.IsValid() {
		e.address = a.Own
	}
	var faults [2]error
	e.id, faults[0] = uuid.Parse(a.RecordID)
	e.items.day, faults[1] = calendar.ParseTradingDay(a.TradingDay)
	if err := errors.Join(faults[:]...); err != nil {
		return err
	}
	if len(a.Flag) != 1 {
		return fmt.Errorf("flag %.20q: want one character", a.Flag)
	}
	e.items.flag = regulation.AbnormalFlag(a.Flag[0])
	if r.days[e.items.day] = true; len(r.days) > maxDays {
		return fmt.Errorf("the answers are of more than %d trading days", maxDays)
	}
	r.found.Answers++
	return r.add(&e)
}
