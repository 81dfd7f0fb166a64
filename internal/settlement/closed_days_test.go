package settlement

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/chinese"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement/reconcile"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// TestDayThatBecomesAHoliday: two logins of a day, which then becomes a holiday, and a third. The next
// day's report waits for calendar reassign and has all three, and so the other way round.
func TestDayThatBecomesAHoliday(t *testing.T) {
	const closed, next = calendar.TradingDay(20260107), calendar.TradingDay(20260108)
	open := sampleCalendar(t)
	shut, err := calendar.Parse(bytes.Replace(configs.Calendar, []byte("      - {from: 2026-02-15,"), []byte("      - {name: typhoon, from: 2026-01-07, to: 2026-01-07}\n      - {from: 2026-02-15,"), 1))
	if err != nil {
		t.Fatal(err)
	}
	if shut.IsTradingDay(closed) || !open.IsTradingDay(closed) {
		t.Fatal("the calendars are not what this test needs")
	}
	onBothStores(t, func(t *testing.T, s bothStore) {
		recs := storetest.Records(closed, 3)
		for i := range recs {
			recs[i].LoginTime = time.Date(2026, 1, 7, 10, i, 0, 0, regulation.Zone)
			binary.BigEndian.PutUint64(recs[i].ID[:], uint64(recs[i].LoginTime.UnixMilli())<<16|0x7000|uint64(i))
		}
		recs[2].TradingDay = next
		put(t, s, recs...)
		now := time.Date(2026, 1, 8, 16, 0, 0, 0, regulation.Zone)
		x := exporter(t, s, t.TempDir())
		x.Calendar, x.Now = shut, func() time.Time { return now }
		var refused *ObstaclesError
		if _, err := x.Export(t.Context(), next, store.FullExport); !errors.As(err, &refused) || len(refused.Open) != 1 ||
			refused.Open[0].Kind != store.NoTradingDay || refused.Open[0].Records != 2 || !strings.Contains(err.Error(), "20260107 is not a trading day") {
			t.Fatalf("%v, want it refused for 20260107", err)
		}
		days, err := ClosedDaysWith(t.Context(), s, shut, 20260105, now)
		if err != nil || len(days) != 1 || days[0] != closed {
			t.Errorf("days with records and without a report: %v, %v", days, err)
		}
		st, err := (&Survey{Store: s, Calendar: shut}).Status(t.Context(), now, closed)
		if err != nil || st.Good || !strings.Contains(st.Next, "holds 2 records, which no report of the days after it has: calendar reassign") {
			t.Errorf("status %+v, %v", st, err)
		}
		reassign := func(cal *calendar.Calendar, want store.Reassigned) {
			t.Helper()
			for _, want := range []store.Reassigned{want, {}} { // again, it does nothing
				if did, err := Reassign(t.Context(), s.(DayReassigner), cal, now, nil); err != nil || did != want {
					t.Fatalf("reassigned %+v, %v, want %+v", did, err, want)
				}
			}
		}
		lost := storetest.Record(closed)
		compare := func() map[reconcile.Kind]int64 {
			t.Helper()
			survey := Survey{Store: s, Calendar: shut}
			return differences(t, reconcile.Options{
				Day: next, Closed: survey.ClosedBefore(next), UnitID: "0001", Records: s, TempDir: t.TempDir(),
				Audit: []string{answered(t, append(slices.Clone(recs), lost)...)},
			})
		}
		if got, want := compare(), (map[reconcile.Kind]int64{reconcile.AnsweredNotStored: 1, reconcile.OtherDay: 2}); !maps.Equal(got, want) {
			t.Errorf("before reassign: %v, want %v", got, want)
		}
		reassign(shut, store.Reassigned{Moved: 2})
		// recs are as they were answered: two of the closed day.
		if got, want := compare(), (map[reconcile.Kind]int64{reconcile.AnsweredNotStored: 1, reconcile.OtherDay: 2}); !maps.Equal(got, want) {
			t.Errorf("after reassign: %v, want %v: of the closed day one login is in no store", got, want)
		}
		done, err := x.Export(t.Context(), next, store.FullExport)
		if err != nil || done.Rows != 3 || done.Outside != 0 {
			t.Errorf("export of the next day: %+v, %v", done, err)
		}
		for on, want := range map[calendar.TradingDay]string{ // a day whose holiday was taken back
			closed: "later days than 20260107 have 3 records", next: "20260108 has 3 records with a login time outside its window",
		} {
			x.Calendar = open
			if _, err := x.Export(t.Context(), on, store.FullExport); !errors.As(err, &refused) || len(refused.Open) != 1 ||
				refused.Open[0].Kind != store.OutsideWindow || refused.Open[0].Records != 3 || !strings.Contains(err.Error(), want) ||
				!strings.Contains(err.Error(), "calendar reassign") {
				t.Errorf("%v, want %s refused for %q", err, on, want)
			}
		}
		reassign(open, store.Reassigned{Moved: 3})
		x.Calendar = open
		if done, err := x.Export(t.Context(), closed, store.FullExport); err != nil || done.Rows != 3 {
			t.Errorf("export of the day itself: %+v, %v", done, err)
		}

		// The report is handed in; a wrong calendar moves its records away, and the right one brings them back.
		if err := s.AddHandedIn(t.Context(), &store.HandedIn{Day: closed, At: now, By: "clerk@desk", Number: 1}); err != nil {
			t.Fatal(err)
		}
		x.Calendar = shut
		reassign(shut, store.Reassigned{Moved: 3})
		x.Calendar = open
		reassign(open, store.Reassigned{Moved: 3})
		st, err = (&Survey{Store: s, Calendar: open}).Status(t.Context(), now, closed)
		if err != nil || st.Good || st.Late != 3 || st.Moved != 3 || strings.Contains(st.Next, "--force") ||
			!strings.Contains(st.Next, "--supplement --day 20260107 writes what the report lacks") {
			t.Errorf("status %+v, %v", st, err)
		}
		done, err = x.Export(t.Context(), closed, store.SupplementExport)
		if err != nil || !done.Nothing || done.Repeated != 3 || !strings.Contains(strings.Join(done.Warnings(x.OutDir), ""), "report export --day 20260107") {
			t.Errorf("a supplement repeats the report: %+v, %v", done, err)
		}
		late := storetest.Record(closed)
		late.LoginTime = time.Date(2026, 1, 7, 11, 0, 0, 0, regulation.Zone)
		put(t, s, late)
		elsewhere := *x
		elsewhere.OutDir = t.TempDir()
		var needed *ChainFileError
		if _, err := elsewhere.Export(t.Context(), closed, store.SupplementExport); !errors.As(err, &needed) || needed.Edited || len(names(t, elsewhere.OutDir)) != 0 {
			t.Errorf("a supplement without the report: %v, %v", err, names(t, elsewhere.OutDir))
		}
		if err := os.WriteFile(filepath.Join(elsewhere.OutDir, "0001clientinfo20260107.txt"), []byte("x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := elsewhere.Export(t.Context(), closed, store.SupplementExport); !errors.As(err, &needed) || !needed.Edited {
			t.Errorf("a supplement beside another report: %v", err)
		}
		if done, err = x.Export(t.Context(), closed, store.SupplementExport); err != nil || done.Rows != 1 || done.Repeated != 3 {
			t.Errorf("a supplement with one record more: %+v, %v", done, err)
		}
		wantFile(t, done.Path, store.SupplementExport, []store.Record{late})
		if st, err = (&Survey{Store: s, Calendar: open}).Status(t.Context(), now, closed); err != nil || !st.Good || st.Late != 0 || st.Moved != 0 {
			t.Errorf("status after the supplement %+v, %v", st, err)
		}
	})
}

// TestMovedBackAndForth: without a late record the next full report takes those that came back for reported, without --force: it has
// the bytes of the one that was handed in.
func TestMovedBackAndForth(t *testing.T) {
	onBothStores(t, func(t *testing.T, s bothStore) {
		x := exporter(t, s, t.TempDir())
		recs := storetest.Records(day, 3)
		for i := range recs {
			recs[i].LoginTime = afterClose.Add(-time.Hour)
		}
		put(t, s, recs...)
		mustExport(t, x, store.FullExport)
		if err := s.AddHandedIn(t.Context(), &store.HandedIn{Day: day, At: afterClose, By: "clerk@desk", Number: 1}); err != nil {
			t.Fatal(err)
		}
		_, end, err := x.Calendar.Window(day)
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range []calendar.TradingDay{day + 1, day} { // by a calendar that is wrong, and by one that is right
			from := day + (day + 1 - to)
			did, err := s.(DayReassigner).ReassignDay(t.Context(), from, end, end, func(time.Time) (calendar.TradingDay, bool) { return to, false }, nil)
			if err != nil || did.Moved != 3 {
				t.Fatalf("to %s: %+v, %v", to, did, err)
			}
		}
		if d := mustExport(t, x, store.SupplementExport); !d.Nothing || d.Repeated != 3 {
			t.Errorf("%+v", d)
		}
		if d := mustExport(t, x, store.FullExport); d.Replaced == nil || !d.Replaced.Same {
			t.Errorf("%+v", d)
		}
		if st := status(t, s); !st.Good || len(st.ToHandIn) != 0 || !strings.HasPrefix(st.Next, "handed in") {
			t.Errorf("%+v", st)
		}
	})
}

// TestReassignCountsOnce: of two records with a login time outside the window of their day, whose day the calendar does not know, one was
// provisional and one was certain. Each stays, and counts once.
func TestReassignCountsOnce(t *testing.T) {
	guess, err := calendar.Parse([]byte("years:\n  - {year: 2026, provisional: true, source: x, closed: [{from: 2026-01-05, to: 2026-01-05, name: x}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	onBothStores(t, func(t *testing.T, s bothStore) {
		recs := storetest.Records(day, 2)
		for i := range recs {
			recs[i].LoginTime = afterClose.Add(time.Hour)
		}
		recs[0].Provisional = true
		put(t, s, recs...)
		did, err := Reassign(t.Context(), s.(DayReassigner), guess, afterClose.Add(24*time.Hour), nil)
		if want := (store.Reassigned{Provisional: 2}); err != nil || did != want {
			t.Errorf("%+v, %v, want %+v", did, err, want)
		}
	})
}

// What an export says of records that came back is there in Chinese.
func TestMovedBackInChinese(t *testing.T) {
	const file = "reports/0001clientinfo20260105.txt"
	for english, want := range map[string]string{
		(&ChainFileError{day, file, false}).Error():                                            file + " 不在：导出之后，20260105 的记录",
		(&ChainFileError{day, file, true}).Error():                                             file + " 不是当时导出的内容：导出之后，20260105 的记录",
		strings.Join((&Done{Day: day, Nothing: true, Repeated: 3}).Warnings(""), ""):           "此后到达的 3 条记录报送文件中已有",
		strings.Join((&Done{Day: day, Result: Result{Rows: 1}, Repeated: 3}).Warnings(""), ""): "略去了报送文件中已有的 3 条记录",
		(&ForeignFileError{file, true}).Error():                                                file + " 已存在，按其清单是合并写出的",
		besideError(file + ".replaced-1").Error():                                              "同时有另一个导出在处理该交易日：请单独重新运行；本次写出的文件保留为 " + file + ".replaced-1",
	} {
		if got := chinese.Of(english); !strings.HasPrefix(got, want) {
			t.Errorf("%q is %q, want %q", english, got, want)
		}
	}
}

// answered writes an audit log in which these logins were answered.
func answered(t *testing.T, recs ...store.Record) (path string) {
	t.Helper()
	var log strings.Builder
	for i := range recs {
		fmt.Fprintf(&log, `{"time":%q,"front_id":%d,"event":"login","reason":"ok","record_id":%q,"trading_day":%q}`+"\n",
			recs[i].LoginTime.Format(time.RFC3339), recs[i].FrontID, recs[i].ID, recs[i].TradingDay)
	}
	path = filepath.Join(t.TempDir(), "audit.jsonl")
	if err := os.WriteFile(path, []byte(log.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// differences reconciles and counts what was found of each kind.
func differences(t *testing.T, o reconcile.Options) map[reconcile.Kind]int64 {
	t.Helper()
	r, err := reconcile.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[reconcile.Kind]int64)
	for _, d := range r.Differences() {
		all[d.Kind] = d.Total
	}
	return all
}

// What a front holds of a date without a report keeps the next day's back.
func TestHeldOfAClosedDay(t *testing.T) {
	const monday = calendar.TradingDay(20260112)
	front := store.Front{FrontReport: store.FrontReport{FrontID: 7, Held: map[calendar.TradingDay]store.Held{20260111: {Pending: 2}, monday: {Pending: 1}}}}
	front.Stopped = true
	v := Survey{Store: openLocal(t, t.TempDir()+"/local.db"), Fronts: KnownFronts{front}, Calendar: sampleCalendar(t)}
	o, err := v.Of(t.Context(), monday)
	if err != nil || len(o.Open) != 1 || o.Open[0].Records != 3 {
		t.Errorf("%+v, %v", o, err)
	}
	if len(front.Held) != 2 {
		t.Error("what the front reported was changed")
	}
}
