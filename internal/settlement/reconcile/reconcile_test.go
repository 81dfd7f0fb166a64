package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/settlement/reconcile"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

var stores = map[string]open{"embedded": embedded, "postgres": postgres}

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
			o.Report = ""
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
			"a record was lost whose terminal was gone", func(f *firm, o *reconcile.Options) {
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
			"a record is on another day", func(f *firm, o *reconcile.Options) {
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
			"two entries of one record", func(f *firm, o *reconcile.Options) {
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
			"a line stands twice", func(f *firm, _ *reconcile.Options) {
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

// A difference between the two stores of a front: what it has not forwarded yet.
func TestNotForwarded(t *testing.T) {
	f := newFirm(t, postgres, 10)
	waiting := lost()
	journal := embedded(t)
	if err := journal.Put(t.Context(), []store.Record{*waiting}); err != nil {
		t.Fatal(err)
	}
	f.log("audit.jsonl", login(waiting), login(lost()))
	o := f.options()
	o.Journal = journal
	r := f.run(o)
	all := found(r)
	if all[reconcile.NotForwarded].First[0].RecordID != waiting.ID.String() || all[reconcile.AnsweredNotStored].Total != 1 || len(all) != 2 {
		t.Errorf("%+v", r.Differences())
	}
}

// A record that arrives after the scan, which another look finds.
func TestStoredMeanwhile(t *testing.T) {
	f := newFirm(t, embedded, 10)
	o := f.options()
	o.Records = scanned{f.store, func(all []store.Record) []store.Record { return all[:9] }}
	all := found(f.run(o))
	if d := all[reconcile.StoredMeanwhile]; d.Total != 1 || d.First[0].RecordID != f.records[9].ID.String() || !d.Fault {
		t.Errorf("%+v", all)
	}
}

// Two records with one supplement are one login, whatever their RecordIDs.
func TestSameSupplementTwice(t *testing.T) {
	f := newFirm(t, embedded, 10)
	o := f.options()
	o.Records = scanned{f.store, func(all []store.Record) []store.Record {
		all[4].Supplement, all[4].Terminal = all[3].Supplement, all[3].Terminal
		return all
	}}
	all := found(f.run(o))
	if d := all[reconcile.StoredTwice]; d.Total != 1 || d.First[0].RecordID != f.records[4].ID.String() || d.First[0].Other != f.records[3].ID.String() {
		t.Errorf("%+v", all)
	}
}

// A log that was copied while it was rotated: entries that stand in both files are one.
func TestOverlappingLogs(t *testing.T) {
	f := newFirm(t, embedded, 10)
	o := f.options()
	o.Audit = append(o.Audit, f.log("copy.jsonl", f.entries()[3:21]...))
	r := f.run(o)
	if r.Faults() != 0 || r.Answered != 10 || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "6 entries") {
		t.Errorf("%+v %v %v", r, r.Differences(), r.Warnings)
	}
	whole := f.log("whole.jsonl", f.entries()...)
	f.compress(whole)
	o.Audit = []string{f.audit, whole}
	r = f.run(o)
	if r.Faults() != 0 || len(r.Warnings) != 2 || !strings.Contains(r.Warnings[0], "same content") {
		t.Errorf("%v %v", r.Differences(), r.Warnings)
	}
}

// Lines that a crash tore are told, and are no faults: at the end of a file, and where the
// daemon went on in it.
func TestTornLines(t *testing.T) {
	f := newFirm(t, embedded, 10)
	content, err := os.ReadFile(f.audit)
	if err != nil {
		t.Fatal(err)
	}
	whole := strings.TrimSuffix(string(content), "\n")
	last := whole[strings.LastIndexByte(whole, '\n')+1:]
	for cut := 1; cut < len(last); cut += 7 {
		f.write(f.audit, []byte(whole[:len(whole)-len(last)]+last[:cut]))
		r := f.run(f.options())
		all := found(r)
		if r.Faults() != 0 || r.Audit[0].Torn != 1 || len(r.Warnings) != 1 || all[reconcile.StoredNotInAudit].Total != 1 || r.Answered != 9 {
			t.Fatalf("cut at %d: %v %v", cut, r.Differences(), r.Warnings)
		}
	}
	f.log("audit.jsonl", ops.Entry{Event: ops.EventLogout, Reason: "ok"}, login(&f.records[9])) // the daemon again
	if r := f.run(f.options()); r.Faults() != 0 || r.Audit[0].Torn != 1 || r.Answered != 10 || len(r.Differences()) != 0 {
		t.Errorf("%v %v", r.Differences(), r.Warnings)
	}
	f.write(f.audit, []byte(whole)) // only the LF is missing
	if r := f.run(f.options()); r.Faults() != 0 || r.Audit[0].Torn != 0 || r.Answered != 10 {
		t.Errorf("%v %v", r.Differences(), r.Warnings)
	}
}

// A gzipped log that was cut may hide anything.
func TestCutGzip(t *testing.T) {
	f := newFirm(t, embedded, 200)
	f.compress(f.audit)
	content, err := os.ReadFile(f.audit)
	if err != nil {
		t.Fatal(err)
	}
	f.write(f.audit, content[:len(content)*3/4])
	r := f.run(f.options())
	all := found(r)
	if all[reconcile.AuditUnreadable].Total != 1 || !strings.Contains(all[reconcile.AuditUnreadable].First[0].Detail, "everything from here on") || r.Answered == 0 || r.Answered == 200 {
		t.Errorf("%+v", r.Differences())
	}
}

func TestReportLinesThatAreBad(t *testing.T) {
	f := newFirm(t, embedded, 10)
	f.edit(f.report, func(l []string) []string {
		l[2] = strings.Replace(l[2], "\n", "\r\n", 1)
		return append(l, "\n")
	})
	all := found(f.run(f.options()))
	if all[reconcile.ReportLineBad].Total != 2 || all[reconcile.StoredNotReported].First[0].RecordID != f.records[2].ID.String() || len(all) != 2 {
		t.Errorf("%+v", all)
	}
}

// All are counted; only so many are kept.
func TestLimit(t *testing.T) {
	f := newFirm(t, embedded, 50)
	f.write(f.report, nil)
	o := f.options()
	o.Limit = 3
	all := found(f.run(o))
	if d := all[reconcile.StoredNotReported]; d.Total != 50 || len(d.First) != 3 {
		t.Errorf("%+v", all)
	}
}

func TestNothingAtAll(t *testing.T) {
	f := newFirm(t, embedded, 0)
	r := f.run(f.options())
	if r.Faults() != 0 || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "neither the audit logs nor the store") {
		t.Errorf("%v %v", r.Differences(), r.Warnings)
	}
}

func TestRefusals(t *testing.T) {
	f := newFirm(t, embedded, 3)
	file := func(name, content string) string {
		path := filepath.Join(f.dir, name)
		f.write(path, []byte(content))
		return path
	}
	linked := filepath.Join(f.dir, "linked")
	if err := os.Link(f.audit, linked); err != nil {
		t.Fatal(err)
	}
	failing := errors.New("connection lost")
	for _, c := range []struct {
		name   string
		change func(o *reconcile.Options)
		want   string
	}{
		{"no audit log", func(o *reconcile.Options) { o.Audit = nil }, "audit logs"},
		{"audit log missing", func(o *reconcile.Options) { o.Audit = []string{f.dir + "/none"} }, "no such file"},
		{"audit log a folder", func(o *reconcile.Options) { o.Audit = []string{f.dir} }, "not a regular file"},
		{"audit log twice", func(o *reconcile.Options) { o.Audit = []string{f.audit, linked} }, "are the same file"},
		{"xz", func(o *reconcile.Options) { o.Audit = []string{file("a.xz", "\xfd7zXZ\x00...")} }, "xz -d"},
		{"zstd", func(o *reconcile.Options) { o.Audit = []string{file("a.zst", "\x28\xb5\x2f\xfd...")} }, "zstd -d"},
		{"bzip2", func(o *reconcile.Options) { o.Audit = []string{file("a.bz2", "BZh91AY")} }, "bzip2 -d"},
		{"gzip header cut", func(o *reconcile.Options) { o.Audit = []string{file("a.gz", "\x1f\x8b\x08")} }, "a.gz"},
		{"report of another unit", func(o *reconcile.Options) { o.UnitID = "0002" }, "is the report of unit 0001"},
		{"report of another day", func(o *reconcile.Options) { o.Report = file("0001clientinfo20260106.txt", "") }, "is the report of 20260106"},
		{"report of another name", func(o *reconcile.Options) { o.Report = file("x.txt", "") }, "not the name of a report"},
		{"report missing", func(o *reconcile.Options) { o.Report = f.dir + "/none/" + reportName }, "no such file"},
		{"store fails", func(o *reconcile.Options) {
			o.Records = brokenStore{f.store, failing}
		}, "connection lost"},
		{"store out of order", func(o *reconcile.Options) {
			o.Records = scanned{f.store, func(all []store.Record) []store.Record { slices.Reverse(all); return all }}
		}, "not in order"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := f.options()
			c.change(&o)
			if _, err := reconcile.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// brokenStore fails after some records.
type brokenStore struct {
	reconcile.Records
	err error
}

func (b brokenStore) Scan(ctx context.Context, day calendar.TradingDay, f func(*store.Record) error) error {
	return errors.Join(b.Records.Scan(ctx, day, f), b.err)
}

// A comparison that was cut short must not pass for a short day.
func TestCancelled(t *testing.T) {
	f := newFirm(t, embedded, 3)
	for _, at := range []string{"audit", "store", "report"} {
		ctx, cancel := context.WithCancel(t.Context())
		o, stop := f.options(), func(int64, int64) { cancel() }
		switch at {
		case "audit":
			o.ReadingAudit = stop
		case "store":
			o.ReadingStore = stop
		case "report":
			o.ReadingReport = stop
		}
		if _, err := reconcile.Run(ctx, o); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", at, err)
		}
	}
}
