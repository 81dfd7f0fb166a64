package reconcile_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/settlement/reconcile"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

var stores = map[string]open{"embedded": embedded, "postgres": onPostgres}

// A good day on both stores, with an audit log that was rotated in the middle of it.
func TestComplete(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			f := newFirm(t, open, 300)
			old := f.log("audit.jsonl.2", f.entries()[:200]...)
			young := f.log("audit.jsonl.1.gz", f.entries()[200:]...)
			f.compress(old) // not by its name
			o := f.options()
			o.Audit = []string{young, old}
			var told []int64
			o.ReadingAudit = func(done, total int64) { told = append(told, done, total) }
			o.ReadingStore = func(done, total int64) { told = append(told, done, total) }
			o.ReadingReport = func(done, total int64) { told = append(told, done, total) }
			r := f.run(o)
			if r.Answered != 300 || r.Unanswered != 0 || r.Stored != 300 || r.Reported != 300 || r.Faults() != 0 || len(r.Differences()) != 0 || len(r.Warnings) != 0 {
				t.Errorf("%+v\n%v", r, r.Differences())
			}
			if want := "Complete: every answered login is stored, and the report holds every stored record, once, and nothing else."; r.Verdict() != want {
				t.Errorf("%s", r.Verdict())
			}
			if !r.Audit[1].Gzip || r.Audit[0].Gzip || r.Audit[0].Logins+r.Audit[1].Logins != 300 || r.Audit[0].Lines != 700 {
				t.Errorf("%+v", r.Audit)
			}
			if len(told) != 8 || told[2] != told[3] || told[4] != 300 || told[6] != told[7] || told[7] == 0 {
				t.Errorf("progress %v", told)
			}
			o.Reports = nil
			if r := f.run(o); r.Faults() != 0 || r.Verdict() != "Complete: every answered login is stored." {
				t.Errorf("without a report: %s", r.Verdict())
			}
			if left, _ := filepath.Glob(filepath.Join(f.dir, "tradefront-sort-*")); len(left) != 0 {
				t.Errorf("left %v", left)
			}
		})
	}
}

// Each way in which the sets can differ, on both stores: what is found, by whose RecordID
// and at which line, and nothing else.
func TestDifferences(t *testing.T) {
	for _, c := range []struct {
		name   string
		spoil  func(f *firm, o *reconcile.Options)
		kind   reconcile.Kind
		fault  bool
		record int    // whose RecordID is named; -1 for none
		where  string // suffix of the line named
		detail string
	}{
		{
			"a record was lost", func(f *firm, _ *reconcile.Options) {
				f.log("audit.jsonl", login(lost()))
			},
			reconcile.AnsweredNotStored, true, -1, "audit.jsonl:31", "",
		},
		{
			"a record was lost whose terminal was gone", func(f *firm, _ *reconcile.Options) {
				r := lost()
				f.log("audit.jsonl", login(r), unanswered(r))
			},
			reconcile.UnansweredNotStored, true, -1, "audit.jsonl:31", "",
		},
		{
			"an answer never reached its terminal", func(f *firm, _ *reconcile.Options) {
				f.log("audit.jsonl", unanswered(&f.records[3]))
			},
			reconcile.StoredUnanswered, false, 3, "audit.jsonl:12", "account 88888888, 2026-01-05 09:00:00, AppID client_test_1.0, front 1, session 7",
		},
		{
			"the front was killed before it wrote an entry", func(f *firm, _ *reconcile.Options) {
				f.edit(f.audit, func(l []string) []string { return slices.Delete(l, 14, 15) })
			},
			reconcile.StoredNotInAudit, false, 4, "", "account 88888888",
		},
		{
			"a record is on another day", func(f *firm, _ *reconcile.Options) {
				moved := storetest.Record(day + 1)
				f.put(moved)
				f.last = moved.ID.String()
				moved.TradingDay = day
				f.log("audit.jsonl", login(&moved))
			},
			reconcile.OtherDay, false, -2, "audit.jsonl:31", "answered as 20260105, stored as 20260106",
		},
		{
			"an entry is of another day", func(f *firm, _ *reconcile.Options) {
				f.edit(f.audit, func(l []string) []string {
					l[5] = strings.Replace(l[5], "20260105", "20260104", 1)
					return l
				})
			},
			reconcile.OtherDay, false, 1, "audit.jsonl:6", "answered as 20260104, stored as 20260105",
		},
		{
			"an entry has another flag", func(f *firm, _ *reconcile.Options) {
				f.edit(f.audit, func(l []string) []string {
					l[8] = strings.Replace(l[8], `"flag":"0"`, `"flag":"2"`, 1)
					return l
				})
			},
			reconcile.FlagDiffers, false, 2, "audit.jsonl:9", "answered 异常标识 2, recorded 0; account 88888888",
		},
		{
			"two entries of one record", func(f *firm, _ *reconcile.Options) {
				again := login(&f.records[2])
				again.SessionID++
				f.log("audit.jsonl", again)
			},
			reconcile.AnsweredTwice, true, 2, "", "2 entries",
		},
		{
			"the same entry twice in a file", func(f *firm, _ *reconcile.Options) {
				f.log("audit.jsonl", login(&f.records[2]))
			},
			reconcile.AnsweredTwice, true, 2, "audit.jsonl:31", "2 entries",
		},
		{
			"a RecordID twice in the store", func(f *firm, o *reconcile.Options) {
				o.Records = scanned{f.store, func(all []store.Record) []store.Record { return slices.Insert(all, 5, all[5]) }}
			},
			reconcile.StoredTwice, true, 5, "", "the same RecordID again",
		},
		{
			"a line is missing", func(f *firm, _ *reconcile.Options) {
				f.edit(f.report, func(l []string) []string { return slices.Delete(l, 6, 7) })
			},
			reconcile.StoredNotReported, true, 6, "", "",
		},
		{
			"a line is from elsewhere", func(f *firm, _ *reconcile.Options) {
				f.edit(f.report, func(l []string) []string { return append(l, "TF01@1.0@@QQ==\n") })
			},
			reconcile.ReportedNotStored, true, -1, reportName + ":11", "",
		},
		{
			"a line appears twice", func(f *firm, _ *reconcile.Options) {
				f.edit(f.report, func(l []string) []string { return append(l, l[7]) })
			},
			reconcile.ReportedTwice, true, 7, reportName + ":11", "",
		},
		{
			"a line was changed", func(f *firm, _ *reconcile.Options) {
				f.edit(f.report, func(l []string) []string {
					l[8] = strings.Replace(l[8], "vendor@", "vender@", 1)
					return l
				})
			},
			reconcile.ReportedOtherwise, true, 8, reportName + ":9", "",
		},
		{
			"an unreadable entry", func(f *firm, _ *reconcile.Options) {
				f.edit(f.audit, func(l []string) []string { return slices.Insert(l, 4, "\x00\x00garbage\n") })
			},
			reconcile.AuditUnreadable, true, -1, "audit.jsonl:5", "not an entry",
		},
		{
			"a login entry without RecordID", func(f *firm, _ *reconcile.Options) {
				f.edit(f.audit, func(l []string) []string {
					return append(l, `{"event":"login","reason":"ok","trading_day":"20260105"}`+"\n")
				})
			},
			reconcile.AuditUnreadable, true, -1, "audit.jsonl:31", "login without a RecordID",
		},
		{
			"a login entry without trading day", func(f *firm, _ *reconcile.Options) {
				f.edit(f.audit, func(l []string) []string {
					return append(l, fmt.Sprintf(`{"event":"login","reason":"ok","record_id":"%s"}`+"\n", uuid.New()))
				})
			},
			reconcile.AuditUnreadable, true, -1, "audit.jsonl:31", "login without a trading day",
		},
		{
			"another file than an audit log", func(f *firm, _ *reconcile.Options) {
				f.edit(f.audit, func(l []string) []string { return append(l, `{"level":"info"}`+"\n") })
			},
			reconcile.AuditUnreadable, true, -1, "audit.jsonl:31", "no event",
		},
		{
			"a line longer than any entry", func(f *firm, _ *reconcile.Options) {
				f.edit(f.audit, func(l []string) []string { return slices.Insert(l, 9, strings.Repeat("x", 200_000)+"\n") })
			},
			reconcile.AuditUnreadable, true, -1, "audit.jsonl:10", "longer than",
		},
		{
			"a RecordID in another form", func(f *firm, _ *reconcile.Options) {
				f.edit(f.audit, func(l []string) []string {
					return append(l, fmt.Sprintf(`{"event":"unanswered","reason":"ok","record_id":"{%s}"}`+"\n", uuid.New()))
				})
			},
			reconcile.AuditUnreadable, true, -1, "audit.jsonl:31", "unanswered without a RecordID",
		},
		{
			"only logs of other days", func(f *firm, o *reconcile.Options) {
				old := storetest.Record(day - 1)
				o.Audit = []string{f.log("old.jsonl", login(&old))}
			},
			reconcile.AuditWithoutLogins, true, -1, "", "10 records are stored",
		},
	} {
		for name, open := range stores {
			t.Run(c.name+"/"+name, func(t *testing.T) {
				f := newFirm(t, open, 10)
				o := f.options()
				c.spoil(f, &o)
				r := f.run(o)
				all := found(r)
				got, ok := all[c.kind]
				if !ok || got.Total != 1 || len(got.First) != 1 || got.Fault != c.fault || len(all) != 1+notes(c.kind) {
					t.Fatalf("%+v", r.Differences())
				}
				if (r.Faults() > 0) != c.fault || strings.HasPrefix(r.Verdict(), "Complete") == c.fault || !strings.Contains(r.Verdict(), got.What) {
					t.Errorf("%d faults; %s", r.Faults(), r.Verdict())
				}
				d := got.First[0]
				if !strings.HasSuffix(d.Where, c.where) || !strings.Contains(d.Detail, c.detail) {
					t.Errorf("%+v, want %s, %s", d, c.where, c.detail)
				}
				switch {
				case c.record >= 0 && d.RecordID != f.records[c.record].ID.String():
					t.Errorf("%+v, want record %s", d, f.records[c.record].ID)
				case c.record == -2 && d.RecordID != f.last:
					t.Errorf("%+v, want record %s", d, f.last)
				}
				if got.Do == "" || !strings.Contains(d.String(), d.RecordID) {
					t.Errorf("%+v does not say what to do", got)
				}
			})
		}
	}
}
