package reconcile_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/settlement/reconcile"
	"github.com/tradefront/tradefront/internal/store"
)

// A difference between the two stores of a front: what it has not forwarded yet.
func TestNotForwarded(t *testing.T) {
	f := newFirm(t, onPostgres, 10)
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

// Two records with one supplement are one login, with any RecordIDs.
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

// A log that was copied while it was rotated: entries that are in both files are one.
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
	f.log("audit.jsonl", logs.Entry{Event: logs.EventLogout, Reason: "ok"}, login(&f.records[9])) // the daemon again
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

// What is no audit log costs no minute, packed or not: reading ends where that is plain.
func TestNoAuditLog(t *testing.T) {
	f := newFirm(t, embedded, 10)
	log, err := os.ReadFile(f.audit)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		after []byte
		pack  bool
		want  string
	}{
		"line ends":        {bytes.Repeat([]byte("\n"), 20_000), false, "10000 lines in a row are no entries, so it is no audit log"},
		"packed line ends": {bytes.Repeat([]byte("\n"), 20_000), true, "10000 lines in a row are no entries"},
		"beginnings":       {bytes.Repeat([]byte("{\n"), 20_000), false, "10000 lines in a row are no entries"},
		"packed blanks":    {bytes.Repeat([]byte(" "), 40<<20), true, "unpacks to more than 250 times its size"},
	} {
		f.write(f.audit, append(bytes.Clone(log), c.after...))
		if c.pack {
			f.compress(f.audit)
		}
		r := f.run(f.options())
		if found(r)[reconcile.AuditUnreadable].Total == 0 || r.Answered != 10 || r.Audit[0].Lines > 10_100 || !strings.Contains(r.Audit[0].Stopped, c.want) {
			t.Errorf("%s: answered %d of 10, %d lines read, %q, want %q", name, r.Answered, r.Audit[0].Lines, r.Audit[0].Stopped, c.want)
		}
	}
	// A long run of lines that cannot be read, with entries after it, hides nothing.
	f.write(f.audit, slices.Concat(bytes.Repeat([]byte("\n"), 9_000), log, bytes.Repeat([]byte("\n"), 9_000)))
	if r := f.run(f.options()); r.Answered != 10 || r.Audit[0].Stopped != "" || r.Audit[0].Bad != 18_000 {
		t.Errorf("%d answered, %+v", r.Answered, r.Audit[0])
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
