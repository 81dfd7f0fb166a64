package reconcile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement/reconcile"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// submit is the line that a front writes of a submission that it answered.
func submit(r *store.Record, reason string) logs.Entry {
	e := login(r)
	e.Event, e.Reason = logs.EventSubmit, reason
	return e
}

// onNextDay is the same submission, sent again after 15:30.
func onNextDay(r *store.Record) *store.Record {
	again := storetest.SubmittedAgain(*r, r.FrontID)
	again.TradingDay = day + 1
	return &again
}

// TestSubmissions: what operator relays submitted is answered and stored as logins are; sent again it is one record of each
// day, and no fault.
func TestSubmissions(t *testing.T) {
	for _, c := range []struct {
		name  string
		do    func(f *firm, r *store.Record) // r is stored on the day, and nothing is logged of it
		kinds map[reconcile.Kind]string      // with what their first difference says
	}{
		{"answered once", func(f *firm, r *store.Record) {
			f.log("audit.jsonl", submit(r, "ok"))
		}, nil},
		{"sent again after a restart, the first line is lost", func(f *firm, r *store.Record) {
			f.log("audit.jsonl", submit(r, "resubmitted"))
		}, nil},
		{"answered twice", func(f *firm, r *store.Record) {
			f.log("audit.jsonl", submit(r, "ok"), submit(r, "resubmitted"), submit(r, "resubmitted"))
		}, map[reconcile.Kind]string{reconcile.SubmittedAgain: "3 entries"}},
		{"answered by two fronts", func(f *firm, r *store.Record) {
			f.log("audit.jsonl", submit(r, "ok"))
			again := storetest.SubmittedAgain(*r, 2)
			f.log("audit.jsonl", submit(&again, "ok"))
		}, map[reconcile.Kind]string{reconcile.SubmittedAgain: "2 entries"}},
		{"answered by two fronts, with another flag", func(f *firm, r *store.Record) {
			again := storetest.SubmittedAgain(*r, 2)
			again.Flag = regulation.FlagTerminalData
			f.log("audit.jsonl", submit(r, "ok"), submit(&again, "resubmitted"))
		}, map[reconcile.Kind]string{reconcile.SubmittedAgain: "2 entries", reconcile.FlagDiffers: "answered 异常标识 3, recorded 0; account"}},
		{"on both days, each with its flag", func(f *firm, r *store.Record) {
			next := onNextDay(r)
			next.Flag = regulation.FlagTerminalData
			f.put(*next)
			f.log("audit.jsonl", submit(r, "ok"), submit(next, "resubmitted"))
		}, map[reconcile.Kind]string{reconcile.BothDays: "and on 20260106", reconcile.SubmittedAgain: "2 entries"}},
		{"moved from another day, and answered with another flag", func(f *firm, r *store.Record) {
			e := submit(r, "ok")
			e.TradingDay, e.Flag = day-1, regulation.FlagTerminalData
			f.log("audit.jsonl", e)
		}, map[reconcile.Kind]string{reconcile.OtherDay: "answered as 20260104", reconcile.FlagDiffers: "answered 异常标识 3, recorded 0; account"}},
		{"a line that does not name the flag", func(f *firm, r *store.Record) {
			e := submit(r, "ok")
			e.Flag = 0
			f.log("audit.jsonl", e)
		}, nil},
		{"the relay was gone", func(f *firm, r *store.Record) {
			f.log("audit.jsonl", submit(r, "ok"), unanswered(r))
		}, map[reconcile.Kind]string{reconcile.StoredUnanswered: "relay abcdef_relay_1.6.0"}},
		{"a record of both days, and the logs of both", func(f *firm, r *store.Record) {
			next := onNextDay(r)
			f.put(*next)
			f.log("audit.jsonl", submit(r, "ok"), submit(next, "resubmitted"))
		}, map[reconcile.Kind]string{reconcile.BothDays: "and on 20260106", reconcile.SubmittedAgain: "2 entries"}},
		{"the day after alone has lost its record", func(f *firm, r *store.Record) {
			f.log("audit.jsonl", submit(r, "ok"), submit(onNextDay(r), "resubmitted"))
		}, map[reconcile.Kind]string{reconcile.BothDays: "and on 20260106", reconcile.SubmittedAgain: "2 entries"}},
		{"refused, and an operator's own login that wants no record", func(f *firm, r *store.Record) {
			f.log("audit.jsonl", submit(r, "ok"), submit(r, "out_of_scope"))
			f.edit(f.audit, func(l []string) []string {
				return append(l, `{"event":"login","reason":"ok","trading_day":"20260105","relay_mode":"3","account":"8000_admin"}`+"\n",
					`{"event":"unanswered","reason":"ok","relay_mode":"3","account":"8000_admin"}`+"\n")
			})
		}, nil},
		{"without a RecordID", func(f *firm, r *store.Record) {
			f.log("audit.jsonl", submit(r, "ok"))
			f.edit(f.audit, func(l []string) []string {
				return append(l, `{"event":"submit","reason":"ok","trading_day":"20260105","relay_mode":"3"}`+"\n")
			})
		}, map[reconcile.Kind]string{reconcile.AuditUnreadable: "submit without a RecordID"}},
		{"answered and lost", func(f *firm, r *store.Record) {
			other := storetest.SubmittedRecord(day)
			f.log("audit.jsonl", submit(r, "ok"), submit(&other, "resubmitted"))
		}, map[reconcile.Kind]string{reconcile.AnsweredNotStored: ""}},
	} {
		for name, open := range stores {
			t.Run(c.name+"/"+name, func(t *testing.T) {
				f := newFirm(t, open, 10)
				rec := storetest.SubmittedRecord(day)
				f.put(rec)
				c.do(f, &rec)
				o := f.options()
				o.Reports = nil
				r := f.run(o)
				wantKinds(t, r, c.kinds)
				if r.Submitted < 1 || r.Stored != 11 {
					t.Errorf("%d submitted, %d stored", r.Submitted, r.Stored)
				}
			})
		}
	}
}

func wantKinds(t *testing.T, r *reconcile.Result, kinds map[reconcile.Kind]string) {
	t.Helper()
	all := found(r)
	if len(all) != len(kinds) {
		t.Errorf("%+v, want %v", r.Differences(), kinds)
	}
	for kind, detail := range kinds {
		if d := all[kind]; d.Total != 1 || !strings.Contains(d.First[0].Detail, detail) {
			t.Errorf("%s: %+v, want one with %q", kind, d, detail)
		}
	}
}

// TestSubmittedOnBothDays looks at the second day: its record is there, or it is lost.
func TestSubmittedOnBothDays(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			f := newFirm(t, open, 10)
			first, lostOn := storetest.SubmittedRecord(day), storetest.SubmittedRecord(day)
			second := onNextDay(&first)
			f.put(first)
			f.put(*second)
			f.put(lostOn)
			o := f.options()
			o.Day, o.Reports = day+1, nil
			o.Audit = []string{f.log("next.jsonl", submit(second, "resubmitted"))}
			r := f.run(o) // the first answer got lost with its line
			wantKinds(t, r, map[reconcile.Kind]string{reconcile.BothDays: "and on 20260105"})

			o.Audit = append(o.Audit, f.log("both.jsonl", submit(&lostOn, "ok"), submit(onNextDay(&lostOn), "resubmitted")))
			r = f.run(o)
			if d := found(r)[reconcile.AnsweredNotStored]; d.Total != 1 || d.First[0].RecordID != lostOn.ID.String() ||
				!strings.HasSuffix(d.First[0].Where, "both.jsonl:2") {
				t.Errorf("a day without its record: %+v", r.Differences())
			}
			if !strings.Contains(fmt.Sprint(r.Audit), "both.jsonl") || r.Audit[1].Submissions != 2 {
				t.Errorf("%+v", r.Audit)
			}
		})
	}
}
