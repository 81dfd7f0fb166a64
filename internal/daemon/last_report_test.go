package daemon

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// ledgerOf is a reportLedger of one day.
type ledgerOf struct {
	exports []store.Export
	handed  []store.HandedIn
	records int64
	away    bool // records of the day may be elsewhere
	since   time.Time
	noNotes error // of HandedIn
	day     calendar.TradingDay
}

func (l *ledgerOf) Exports(_ context.Context, day calendar.TradingDay) ([]store.Export, error) {
	l.day = day
	return l.exports, nil
}

func (l *ledgerOf) HandedIn(context.Context, calendar.TradingDay) ([]store.HandedIn, error) {
	return l.handed, l.noNotes
}

func (l *ledgerOf) State(context.Context, calendar.TradingDay, store.Position) (store.DayState, error) {
	return store.DayState{Records: l.records}, nil
}

func (l *ledgerOf) Since(context.Context) (time.Time, error) { return l.since, nil }

func (l *ledgerOf) elsewhere(context.Context, calendar.TradingDay) (bool, error) { return l.away, nil }

// TestLastReportState: each state that the report of the last closed day can be in, and that only the ledger of that day is asked.
func TestLastReportState(t *testing.T) {
	t.Parallel()
	cal, err := calendar.Load("../../configs/calendar.yaml")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 7, 29, 16, 0, 0, 0, regulation.Zone) // a Wednesday, after its window
	closed := time.Date(2026, 7, 29, 15, 30, 0, 0, regulation.Zone)
	long, denied := now.AddDate(-1, 0, 0), errors.New("permission denied")
	full, partial := []store.Export{{Kind: store.FullExport}}, []store.Export{{Kind: store.PartialExport}}
	note := []store.HandedIn{{Number: 1}}
	one := store.Export{Number: 1, Kind: store.FullExport, SHA256: [32]byte{1}}
	again, another := one, one
	again.Number, another.Number, another.SHA256 = 2, 2, [32]byte{2}
	supplement := store.Export{Number: 2, Kind: store.SupplementExport, SHA256: [32]byte{3}}
	for _, c := range []struct {
		name   string
		ledger ledgerOf
		state  string
		err    error
	}{
		{"nothing written", ledgerOf{since: long}, reportMissing, nil},
		{"only a partial export", ledgerOf{since: long, exports: partial}, reportMissing, nil},
		{"a store of today", ledgerOf{since: now.Add(24 * time.Hour)}, reportNotDue, nil},
		{"a store of today that was given records of the day", ledgerOf{since: now.Add(24 * time.Hour), records: 3}, reportMissing, nil},
		{"a store that was made after the window closed", ledgerOf{since: closed.Add(time.Second)}, reportNotDue, nil},
		{"a store that was made before the window closed", ledgerOf{since: closed.Add(-time.Second)}, reportMissing, nil},
		{"a store that was made anew, without what fronts brought", ledgerOf{since: closed.Add(time.Second), away: true}, reportMissing, nil},
		{"written", ledgerOf{since: long, exports: full}, reportWritten, nil},
		{"handed in", ledgerOf{since: long, exports: full, handed: note}, reportHanded, nil},
		{"handed in, and written again with the same bytes", ledgerOf{since: long, exports: []store.Export{one, again}, handed: note}, reportHanded, nil},
		{"another one was forced since", ledgerOf{since: long, exports: []store.Export{one, another}, handed: note}, reportWritten, nil},
		{"a supplement was written since", ledgerOf{since: long, exports: []store.Export{one, supplement}, handed: note}, reportWritten, nil},
		{"written, and the notes may not be read", ledgerOf{since: long, exports: full, noNotes: denied}, reportWritten, denied},
	} {
		state, err := reportState(t.Context(), &c.ledger, cal, now)
		if state != c.state || !errors.Is(err, c.err) || c.ledger.day != 20260729 {
			t.Errorf("%s: %s of %v, %v; want %s", c.name, state, c.ledger.day, err, c.state)
		}
		if report, err := reportOf(t.Context(), &c.ledger, cal, 20260729); report.State != c.state || !errors.Is(err, c.err) {
			t.Errorf("%s: the status page has %+v, %v; want %s", c.name, report, err, c.state)
		}
	}
	var known lastReport
	if got := known.byState(); got != nil {
		t.Errorf("before the first answer the gauge has %v", got)
	}
	known.set(reportHanded)
	if got := known.byState(); len(got) != len(reportStates()) || got[reportHanded] != 1 || got[reportMissing] != 0 {
		t.Errorf("the gauge has %v", got)
	}
}

// TestFrontsHad: a database that was made after the window closed lacks records of the day if a front tells of any.
func TestFrontsHad(t *testing.T) {
	t.Parallel()
	const day = 20260729
	of := func(change func(*store.Front)) []store.Front {
		f := store.Front{FrontReport: store.FrontReport{Held: map[calendar.TradingDay]store.Held{day - 1: {Pending: 1}}}}
		change(&f)
		return []store.Front{{}, f}
	}
	for name, c := range map[string]struct {
		fronts []store.Front
		had    bool
	}{
		"no front":           {nil, false},
		"of another day":     {of(func(*store.Front) {}), false},
		"it holds some":      {of(func(f *store.Front) { f.Held[day] = store.Held{Pending: 1} }), true},
		"one was refused":    {of(func(f *store.Front) { f.Held[day] = store.Held{Quarantined: 1} }), true},
		"it brought some":    {of(func(f *store.Front) { f.ForwardedOf = map[calendar.TradingDay]int64{day: 1} }), true},
		"its row is wrong":   {of(func(f *store.Front) { f.Unreadable = true }), true},
		"its store is wrong": {of(func(f *store.Front) { f.CorruptStores = 1 }), true},
	} {
		if got := frontsHad(c.fronts, day); got != c.had {
			t.Errorf("%s: %v", name, got)
		}
	}
}
