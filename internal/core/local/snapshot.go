package local

import (
	"context"
	"errors"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/shardmap"
)

// read is the snapshot that follows before: what changed since, or all where that cannot be told. unlocked are the accounts
// that an operator unlocked between the two.
func (l *Core) read(ctx context.Context, before *snapshot, generation int64) (next *snapshot, unlocked map[regulation.Account]bool, err error) {
	if before != nil {
		changed, gone, known, err := l.source.AccountsSince(ctx, before.generation)
		if err != nil {
			return nil, nil, err
		}
		if known {
			next, unlocked = before.with(changed, gone)
			next.generation = generation
			return next, unlocked, nil
		}
	}
	next, unlocked, err = readAll(ctx, l.source, before)
	if err != nil {
		return nil, nil, err
	}
	next.generation = generation
	return next, unlocked, nil
}

// readAll reads each row.
func readAll(ctx context.Context, from Source, before *snapshot) (*snapshot, map[regulation.Account]bool, error) {
	size := 0
	if before != nil {
		size = before.holders.Len()
	}
	holders, unlocked, faults := shardmap.Build[regulation.Account, holder](size), make(map[regulation.Account]bool), []*RowError(nil)
	take := func(row *Account) {
		if row.State == Removed {
			return
		}
		h, fault := readRow(row)
		if _, twice := holders.Get(row.Account); fault == nil && twice {
			fault = errors.New("appears twice; the first is used")
		}
		if fault != nil {
			faults = append(faults, &RowError{row.Account, fault})
			return
		}
		holders.Put(row.Account, h)
		noteUnlocked(unlocked, before, row.Account, &h)
	}
	err := from.EachAccount(ctx, func(row *Account) error {
		take(row)
		return nil
	})
	return &snapshot{holders: holders.Map(), faults: faults, barred: true}, unlocked, err
}

// with is s after a change of some rows. A row that cannot be used any more is left out, as if all had been read.
func (s *snapshot) with(changed []Account, gone []regulation.Account) (next *snapshot, unlocked map[regulation.Account]bool) {
	touched := make(map[regulation.Account]bool, len(changed)+len(gone))
	put, left := make(map[regulation.Account]holder, len(changed)), append([]regulation.Account(nil), gone...)
	unlocked = make(map[regulation.Account]bool)
	var faults []*RowError
	barred := len(gone) > 0
	for _, account := range gone {
		touched[account] = true
	}
	for i := range changed {
		row := &changed[i]
		touched[row.Account] = true
		if row.State == Removed {
			left, barred = append(left, row.Account), true
			continue
		}
		h, err := readRow(row)
		if err != nil {
			left = append(left, row.Account)
			faults = append(faults, &RowError{row.Account, err})
			continue
		}
		put[row.Account], barred = h, barred || h.disabled
		noteUnlocked(unlocked, s, row.Account, &h)
	}
	next = &snapshot{holders: s.holders.With(put, left), barred: barred}
	for _, f := range s.faults {
		if !touched[f.Account] {
			next.faults = append(next.faults, f)
		}
	}
	next.faults = append(next.faults, faults...)
	return next, unlocked
}

func noteUnlocked(unlocked map[regulation.Account]bool, before *snapshot, account regulation.Account, h *holder) {
	if was, _ := before.lookup(account); h.unlocked > was.unlocked {
		unlocked[account] = true
	}
}

// fault joins the rows that were left out, nil if there are none.
func (s *snapshot) fault() error {
	all := make([]error, len(s.faults))
	for i, f := range s.faults {
		all[i] = f
	}
	return errors.Join(all...)
}
