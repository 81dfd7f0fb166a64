package settlement

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// changingFronts is what fronts say, which a test changes.
type changingFronts []store.Front

func (f *changingFronts) Fronts(context.Context) ([]store.Front, error) { return *f, nil }

func holding(id int32, pending int64) store.Front {
	return store.Front{FrontReport: store.FrontReport{
		FrontID: id, Host: "b", Counted: afterClose.Add(2 * FrontMargin), Held: map[calendar.TradingDay]store.Held{day: {Pending: pending}},
	}, Seen: afterClose.Add(2 * FrontMargin)}
}

// TestWaive: what was waived keeps no report back, and is in its manifest with who, when and why.
// More of it, and what is new, does.
func TestWaive(t *testing.T) {
	onBothStores(t, func(t *testing.T, s bothStore) {
		recs := storetest.Records(day, 3)
		put(t, s, recs...)
		var fronts changingFronts
		x := exporter(t, s, t.TempDir())
		x.Fronts = &fronts
		survey := Survey{Store: s, Fronts: &fronts, Calendar: x.Calendar}
		waive := func(reason string) (store.Waiver, error) {
			t.Helper()
			return survey.Waive(t.Context(), store.Waiver{Day: day, At: x.Now(), By: "clerk@desk", Reason: reason}, nil)
		}
		refused := func(want string) {
			t.Helper()
			var e *ObstaclesError
			if _, err := x.Export(t.Context(), day, store.FullExport); !errors.As(err, &e) || len(e.Open) != 1 || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want it refused for %q alone", err, want)
			}
		}
		var nothing *NothingToWaiveError
		if _, err := waive("why not"); !errors.As(err, &nothing) {
			t.Errorf("nothing to waive: %v", err)
		}
		fronts = changingFronts{holding(2, 4)}
		refused("front 2 (host b) holds 4 records of the day (last seen 2026-01-05 15:32:00)")
		if _, err := waive(" \t"); !errors.Is(err, ErrNoReason) {
			t.Errorf("no reason: %v", err)
		}
		w, err := waive(" the disk burned ")
		if err != nil || len(w.Obstacles) != 1 || w.Reason != "the disk burned" {
			t.Fatalf("%+v, %v", w, err)
		}
		if _, err := waive("again"); !errors.As(err, &nothing) || nothing.Waived != 1 {
			t.Errorf("waived twice: %v", err)
		}
		fronts[0] = holding(2, 3) // fewer
		done := mustExport(t, x, store.FullExport)
		m := wantFile(t, done.Path, store.FullExport, recs)
		if len(m.Waived) != 1 || m.Waived[0].By != "clerk@desk" || m.Waived[0].Reason != "the disk burned" || m.Waived[0].Kind != store.FrontHolds ||
			!m.Waived[0].At.Equal(afterClose) || m.Waived[0].Records != 3 || len(done.Waived) != 1 || len(m.FrontsMissing) != 1 {
			t.Errorf("manifest %+v", m)
		}
		if st, err := survey.Status(t.Context(), afterClose, day); err != nil || st.Good || len(st.Obstacles.Open) != 0 || !strings.Contains(st.Next, "the disk burned") {
			t.Errorf("status %+v, %v", st, err)
		}
		fronts[0] = holding(2, 5) // more
		refused("front 2 (host b)")
		fronts = changingFronts{holding(2, 4), holding(3, 1)} // another
		refused("front 3 (host b)")
	})
}

func TestWaiverCovers(t *testing.T) {
	was := store.Obstacle{Day: day, Kind: store.FrontHolds, Where: "front 1", Records: 4}
	w := store.Waiver{Day: day, Obstacles: []store.Obstacle{was, {Kind: store.FrontCorrupt, Where: "front 1, 1 set aside"}}}
	with := func(f func(o *store.Obstacle)) *store.Obstacle {
		o := was
		f(&o)
		return &o
	}
	for name, c := range map[string]struct {
		o    *store.Obstacle
		want bool
	}{
		"the same":        {&was, true},
		"in other words":  {with(func(o *store.Obstacle) { o.What, o.Next = "x", "y" }), true},
		"fewer":           {with(func(o *store.Obstacle) { o.Records = 1 }), true},
		"more":            {with(func(o *store.Obstacle) { o.Records = 5 }), false},
		"unknown now":     {with(func(o *store.Obstacle) { o.Records = 0 }), false},
		"another kind":    {with(func(o *store.Obstacle) { o.Kind = store.FrontQuarantines }), false},
		"another place":   {with(func(o *store.Obstacle) { o.Where = "front 2" }), false},
		"another day":     {with(func(o *store.Obstacle) { o.Day = day + 1 }), false},
		"of every day":    {&store.Obstacle{Kind: store.FrontCorrupt, Where: "front 1, 1 set aside"}, true},
		"known since":     {&store.Obstacle{Kind: store.FrontCorrupt, Where: "front 1, 1 set aside", Records: 2}, false},
		"one more stores": {&store.Obstacle{Kind: store.FrontCorrupt, Where: "front 1, 2 set aside"}, false},
	} {
		if got := w.Covers(c.o); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestUnknownFrontIsAnObstacle: a front that is named, and never reported what it holds, may hold records.
func TestUnknownFrontIsAnObstacle(t *testing.T) {
	p := openPostgres(t, storetest.Migrated(t), true)
	recs := storetest.Records(day, 3)
	for i := range recs {
		recs[i].FrontID = 7
	}
	put(t, p, recs...)
	known := holding(7, 0)
	known.Held = nil
	for name, c := range map[string]struct {
		fronts   KnownFronts
		declared []int32
		want     []string
	}{
		"a record names it":            {nil, nil, []string{"front 7 has never told PostgreSQL what it holds, although records of the day name it"}},
		"it has reported":              {KnownFronts{known}, nil, nil},
		"a declared one too":           {KnownFronts{known}, []int32{7, 8}, []string{"front 8 has never told PostgreSQL what it holds, although the configuration declares it"}},
		"named and declared, one line": {nil, []int32{7}, []string{"front 7 has never"}},
	} {
		t.Run(name, func(t *testing.T) {
			x := exporter(t, p, t.TempDir())
			x.Fronts, x.Named, x.Declared = c.fronts, p.RecordFronts, c.declared
			_, err := x.Export(t.Context(), day, store.FullExport)
			if c.want == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var refused *ObstaclesError
			if !errors.As(err, &refused) || len(refused.Open) != len(c.want) {
				t.Fatalf("%v, want %q", err, c.want)
			}
			for i, want := range c.want {
				if o := refused.Open[i]; o.Kind != store.FrontUnknown || !strings.HasPrefix(o.String(), want) {
					t.Errorf("obstacle %v, want %q", &o, want)
				}
			}
		})
	}
	v := Survey{Store: p, Fronts: KnownFronts{known}, Calendar: sampleCalendar(t), Named: p.RecordFronts}
	o := Obstacles{Day: day}
	for range 2 { // the second finds nothing new
		if err := v.AddUnreported(t.Context(), &o, []int32{7, 9}); err != nil {
			t.Fatal(err)
		}
	}
	if got := o.Open; len(got) != 1 || got[0].Where != "front 9" {
		t.Errorf("of an audit log: %v", got)
	}
}

// TestFewerRowsThanFrontsBrought: what fronts saw committed and is not there any more keeps the report
// back, until it is waived; a day that records were moved away from is not compared.
func TestFewerRowsThanFrontsBrought(t *testing.T) {
	p := openPostgres(t, storetest.Migrated(t), true)
	recs := storetest.Records(day, 4)
	put(t, p, recs[:3]...)
	front := holding(1, 0)
	front.Held, front.ForwardedOf = nil, map[calendar.TradingDay]int64{day: 3}
	fronts := changingFronts{front}
	x := exporter(t, p, t.TempDir())
	x.Fronts = &fronts
	mustExport(t, x, store.FullExport)
	fronts[0].ForwardedOf[day] = 4 // as after a failover without the last transaction
	var refused *ObstaclesError
	if _, err := x.Export(t.Context(), day, store.SupplementExport); !errors.As(err, &refused) || len(refused.Open) != 1 ||
		refused.Open[0].Kind != store.RowsMissing || refused.Open[0].Records != 1 || !strings.Contains(err.Error(), "are 3 in the store, and fronts brought 4") {
		t.Fatalf("%v, want it refused for the record that is missing", err)
	}
	open := afterClose.AddDate(0, 0, -1)
	survey := Survey{Store: p, Fronts: &fronts, Calendar: x.Calendar}
	if st, err := survey.Status(t.Context(), open, day); err != nil || st.Closed || st.Good || !strings.Contains(st.Next, "are 3 in the store, and fronts brought 4") ||
		st.NextChinese == st.Next {
		t.Errorf("while the window is open: %+v, %v", st, err)
	}
	put(t, p, recs[3])
	if st, err := survey.Status(t.Context(), open, day); err != nil || !strings.HasPrefix(st.Next, "wait: ") {
		t.Errorf("once it is there again: %+v, %v", st, err)
	}
	mustExport(t, x, store.FullExport)
	recs = storetest.Records(day, 1)
	recs[0].Provisional, recs[0].LoginTime = true, afterClose.Add(1)
	put(t, p, recs...)
	fronts[0].ForwardedOf[day] = 5
	if did, err := p.Reassign(t.Context(), x.Calendar.TradingDayOf, nil); err != nil || did.Moved != 1 {
		t.Fatalf("%+v, %v", did, err)
	}
	mustExport(t, x, store.FullExport)
}
