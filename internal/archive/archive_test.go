package archive

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

const day = storetest.Day

// office is a firm that archives one day.
type office struct {
	*Sealer
	db     *postgres.Store
	recs   []store.Record
	status settlement.DayStatus
}

func newOffice(t *testing.T, rows int) *office {
	t.Helper()
	return newOfficeAt(t, storetest.Migrated(t), rows)
}

// newOfficeAt is newOffice in the empty database of that URL.
func newOfficeAt(t *testing.T, url string, rows int) *office {
	t.Helper()
	db, recs := storetest.OpenPostgresAt(t, url, postgres.Options{}), storetest.Records(day, rows)
	recs[0].RelayAppID, recs[0].RelayMode = "vendor_relay_1.0", store.RelayOperator
	recs[0].VisitTime, recs[0].RelayLoginTime, recs[0].RelaySealed = recs[0].LoginTime, recs[0].LoginTime.Add(-time.Hour), []byte{1, 2}
	if err := db.CopyIn(t.Context(), recs); err != nil {
		t.Fatal(err)
	}
	return &office{db: db, recs: recs, Sealer: officeSealer(db, t.TempDir()), status: officeStatus(rows)}
}

func officeSealer(db *postgres.Store, out string) *Sealer {
	return &Sealer{
		Store: db, Out: out, ReportUnitID: "0001", BrokerID: "9999", By: "a@h", Version: "v", Schema: 21,
		Now:     func() time.Time { return windowEnd.Add(MinAge) },
		Actions: func(context.Context, time.Time, func(*store.Action) error) error { return nil },
	}
}

// windowEnd is when the window of day closed.
var windowEnd = day.Date().Add(15*time.Hour + 30*time.Minute)

func officeStatus(rows int) settlement.DayStatus {
	return settlement.DayStatus{
		Day: day, Start: windowEnd.Add(-24 * time.Hour), End: windowEnd, Records: int64(rows), Good: true, HandedIn: &store.HandedIn{}, Last: &store.Export{},
	}
}

// held are the RecordIDs in the store and in the files that the ledger has, which must be whole.
func (o *office) held(t *testing.T) map[uuid.UUID]store.Record {
	t.Helper()
	all := storetest.Stored(t, o.db, day)
	ledger, err := o.db.Archives(t.Context(), day)
	if err != nil {
		t.Fatal(err)
	}
	for i := range ledger {
		f, err := Open(filepath.Join(o.Out, ledger[i].File))
		if err != nil {
			t.Fatal(err)
		}
		if sum, err := f.Verify(); err != nil || sum != ledger[i].SHA256 {
			t.Fatalf("%v, %x", err, sum)
		}
		if err := f.Records(func(r *store.Record, _ int64) error { all[r.ID] = *r; return nil }); err != nil {
			t.Fatal(err)
		}
		storetest.CloseIt(t, f)
	}
	return all
}

func (o *office) wantAll(t *testing.T, after string) {
	t.Helper()
	held := o.held(t)
	for i := range o.recs {
		if got, there := held[o.recs[i].ID]; !there || !storetest.SameRecord(got, o.recs[i]) {
			t.Fatalf("%s: record %v is in neither, or altered", after, o.recs[i].ID)
		}
	}
}

// TestArchivedDay goes the whole way of a day: into a file, out of the store, dropped, back, and destroyed after its time.
func TestArchivedDay(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 300)
	o.Reports = t.TempDir()
	report := []byte("a@1.0@x@y\n")
	path := filepath.Join(o.Reports, "0001clientinfo.txt")
	if err := os.WriteFile(path, []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	export := store.Export{Day: day, Number: 1, Kind: store.FullExport, At: o.Now(), Rows: 1, SHA256: sha256.Sum256(report), File: filepath.Base(path), Position: "1:1:", UnitID: "0001"}
	if err := o.db.AddExport(t.Context(), &export); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Seal(t.Context(), &o.status); err == nil || !strings.Contains(err.Error(), "is not what was exported") {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, report, 0o600); err != nil {
		t.Fatal(err)
	}
	o.Audit = auditLogs(t, o.status.Start, o.status.End)
	sealed, err := o.Seal(t.Context(), &o.status)
	if err != nil {
		t.Fatal(err)
	}
	o.wantAll(t, "sealed")
	storetest.WantExactly(t, o.db, day, nil)
	f, err := Open(sealed.Path)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, name := range f.AuditLogs() {
		if err := f.Lines(name, func(b []byte) error { lines = append(lines, string(b)); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(lines, "|"); strings.Count(got, "inside") != 4 || strings.Contains(got, "outside") {
		t.Errorf("audit lines: %s", got)
	}
	storetest.CloseIt(t, f)

	if _, err := Destroy(t.Context(), o.db, sealed.Path, 20, Due(day, 20).Add(-time.Second)); err == nil || !strings.Contains(err.Error(), "nothing was done") {
		t.Fatalf("before its time: %v", err)
	}
	if _, err := Drop(t.Context(), o.db, sealed.Path, o.Now()); err != nil {
		t.Fatal(err)
	}
	o.wantAll(t, "dropped")
	other := storetest.OpenPostgres(t)
	for name, to := range map[string]*postgres.Store{"same": o.db, "other": other} {
		if _, err := Restore(t.Context(), to, sealed.Path, o.Now()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		storetest.WantExactly(t, to, day, o.recs)
		if exports, err := to.Exports(t.Context(), day); err != nil || len(exports) != 1 || exports[0].SHA256 != export.SHA256 {
			t.Errorf("%s: %v, %v", name, exports, err)
		}
		if _, err := Restore(t.Context(), to, sealed.Path, o.Now()); err == nil || !strings.Contains(err.Error(), "is restored") {
			t.Errorf("%s: twice: %v", name, err)
		}
	}
	if _, err := Destroy(t.Context(), o.db, sealed.Path, 20, Due(day, 20)); err == nil || !strings.Contains(err.Error(), "in the store again") {
		t.Fatalf("of a restored day: %v", err)
	}
	again, err := o.Seal(t.Context(), &o.status)
	if err != nil || again.Number != 2 || again.Path == sealed.Path {
		t.Fatalf("%+v, %v", again, err)
	}
	if _, err := Destroy(t.Context(), o.db, again.Path, 20, Due(day, 20)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(again.Path); !errors.Is(err, os.ErrNotExist) {
		t.Error("the file is there")
	}
	if all, err := o.db.Archives(t.Context(), day); err != nil || all[1].State != store.ArchiveDestroyed {
		t.Errorf("%+v, %v", all, err)
	}
}

// auditLogs are two logs, one gzipped, with lines inside and outside of the window.
func auditLogs(t *testing.T, start, end time.Time) *AuditLogs {
	t.Helper()
	dir := t.TempDir()
	var text bytes.Buffer
	for _, l := range []struct {
		at   time.Time
		what string
	}{{start.Add(-time.Second), "outside"}, {start, "inside"}, {end.Add(-time.Second), "inside"}, {end, "outside"}} {
		text.WriteString(auditLine(l.at, l.what))
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(text.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	later := auditLine(end.Add(time.Hour), "outside")
	around := auditLine(start.Add(-time.Nanosecond), "outside") + auditLine(end, "outside")
	var paths []string
	for name, content := range map[string][]byte{
		"a.jsonl": text.Bytes(), "a.jsonl.1.gz": zipped.Bytes(), "later.jsonl": []byte(later), "around.jsonl": []byte(around), "empty": nil,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	logs := indexed(t, paths...)
	if got := len(logs.of(start, end)); got != 2 {
		t.Fatalf("%d logs have lines of the day", got)
	}
	return logs
}

func auditLine(at time.Time, what string) string {
	return fmt.Sprintf("{\"time\":%q,\"event\":\"login\",\"text\":%q}\n", at.Format(time.RFC3339Nano), what)
}

func indexed(t *testing.T, paths ...string) *AuditLogs {
	t.Helper()
	logs, err := IndexAudit(paths, nil)
	if err != nil {
		t.Fatal(err)
	}
	return logs
}

// logAround is a log of months in which lines are before the window and after it, as of a front that was away: none is of the day.
func logAround(t *testing.T, d *settlement.DayStatus) *AuditLogs {
	t.Helper()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	text := auditLine(d.Start.AddDate(0, -1, 0), "outside") + auditLine(d.End.AddDate(0, 1, 0), "outside")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return indexed(t, path)
}

// TestLogsOfOtherDaysAreNone: audit logs were named, and none has a line of the day; with a reason the day is archived, and the manifest has that
// it was without.
func TestLogsOfOtherDaysAreNone(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 3)
	o.Audit = logAround(t, &o.status)
	if _, err := o.Seal(t.Context(), &o.status); err == nil || !strings.Contains(err.Error(), "no audit log that --audit names has a line of its window") {
		t.Errorf("%v", err)
	}
	o.Audit = auditLogs(t, o.status.Start, o.status.End)
	if sealed, err := o.Seal(t.Context(), &o.status); err != nil || slices.Contains(sealed.Missing, "audit logs") {
		t.Errorf("with its own: %+v, %v", sealed, err)
	}
	o = newOffice(t, 3)
	o.Audit, o.Why = logAround(t, &o.status), "they were lost"
	sealed, err := o.Seal(t.Context(), &o.status)
	if err != nil || !slices.Contains(sealed.Missing, "audit logs") {
		t.Fatalf("with a reason: %+v, %v", sealed, err)
	}
	f, err := Open(sealed.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer storetest.CloseIt(t, f)
	if f.Manifest.Despite != errNoAudit.Error() || f.Manifest.Why != o.Why || sealed.Despite != f.Manifest.Despite {
		t.Errorf("despite %q, why %q, told %q", f.Manifest.Despite, f.Manifest.Why, sealed.Despite)
	}
}

// TestARotatedLogIsNoLogWithoutLines: between the first look at the logs and the archive of a day another file may take a log's name.
func TestARotatedLogIsNoLogWithoutLines(t *testing.T) {
	t.Parallel()
	d := officeStatus(1)
	line, later := auditLine(d.Start, "inside"), auditLine(d.End.AddDate(0, 1, 0), "outside")
	for name, rotate := range map[string]func(path string) error{
		"renamed": func(path string) error {
			return errors.Join(os.Rename(path, path+".1"), os.WriteFile(path, []byte(later+later), 0o600))
		},
		"cut off": func(path string) error { return os.WriteFile(path, []byte(later), 0o600) },
		"removed": os.Remove,
	} {
		path := filepath.Join(t.TempDir(), "audit.jsonl")
		if err := os.WriteFile(path, []byte(line+line), 0o600); err != nil {
			t.Fatal(err)
		}
		logs := indexed(t, path)
		if err := os.WriteFile(path, []byte(line+line+later), 0o600); err != nil { // it grows, as the log of a front that runs
			t.Fatal(err)
		}
		w := newWriter(io.Discard, d.End)
		if _, err := w.addAudit(logs, d.Start, d.End); err != nil || len(w.members) != 1 || w.members[0].Lines != 2 {
			t.Errorf("before it is %s: %+v, %v", name, w.members, err)
		}
		if err := rotate(path); err != nil {
			t.Fatal(err)
		}
		w = newWriter(io.Discard, d.End)
		if _, err := w.addAudit(logs, d.Start, d.End); err == nil || !strings.Contains(err.Error(), "audit log: ") {
			t.Errorf("%s: %+v, %v, want an error", name, w.members, err)
		}
	}
}

// TestDamagedLinesAreMissing: the archive of each day of which they may be says how many there are; those of other days it does not name.
func TestDamagedLinesAreMissing(t *testing.T) {
	t.Parallel()
	d := officeStatus(1)
	const torn = "{\"time\":\"2026\n"
	before, inside, after := auditLine(d.Start.Add(-time.Second), "outside"), auditLine(d.Start, "inside"), auditLine(d.End, "outside")
	for name, c := range map[string]struct{ text, want string }{
		"none":          {before + inside + after, ""},
		"of other days": {before + torn + before + inside + after + torn + after, ""},
		"within":        {before + inside + torn + torn + inside + after, "the damaged lines of audit.jsonl (2)"},
		"at the edges":  {before + torn + inside + torn + after + torn, "the damaged lines of audit.jsonl (2)"},
		"at the end":    {before + inside + torn, "the damaged lines of audit.jsonl (1)"},
		"at the begin":  {torn + inside + after, "the damaged lines of audit.jsonl (1)"},
	} {
		path := filepath.Join(t.TempDir(), "audit.jsonl")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		missing, err := newWriter(io.Discard, d.End).addAudit(indexed(t, path), d.Start, d.End)
		if got := strings.Join(missing, ", "); err != nil || got != c.want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
	o := newOffice(t, 3)
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	if err := os.WriteFile(path, []byte(inside+torn), 0o600); err != nil {
		t.Fatal(err)
	}
	o.Audit = indexed(t, path)
	if sealed, err := o.Seal(t.Context(), &o.status); err != nil || !slices.Contains(sealed.Missing, "the damaged lines of audit.jsonl (1)") {
		t.Errorf("%+v, %v", sealed, err)
	}
}

// TestDespite: a manifest names all that Refusal would refuse, and nothing where no reason was needed.
func TestDespite(t *testing.T) {
	t.Parallel()
	named := logAround(t, new(officeStatus(1)))
	for name, c := range map[string]struct {
		audit *AuditLogs
		good  bool
		want  string
	}{
		"nothing":  {nil, true, ""},
		"a report": {nil, false, "report export"},
		"logs":     {named, true, errNoAudit.Error()},
		"both":     {named, false, "report export; " + errNoAudit.Error()},
	} {
		d := officeStatus(1)
		d.Good, d.Next = c.good, "report export"
		s := officeSealer(nil, "")
		s.Audit, s.Why = c.audit, "the reason"
		if m := s.manifest(&d, 1); m.Despite != c.want || (m.Why != "") != (c.want != "") {
			t.Errorf("%s: despite %q, why %q", name, m.Despite, m.Why)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 1, 5, 15, 30, 0, 0, regulation.Zone)
	handed := &store.HandedIn{}
	for name, c := range map[string]struct {
		age  time.Duration
		d    settlement.DayStatus
		why  string
		want string
	}{
		"good":           {MinAge, settlement.DayStatus{Good: true, HandedIn: handed, Last: &store.Export{}}, "", ""},
		"too young":      {MinAge - 1, settlement.DayStatus{Good: true, HandedIn: handed}, "a reason", "less than 30 days ago"},
		"obstacle":       {MinAge, settlement.DayStatus{HandedIn: handed, Next: "front 3 holds 7"}, "", "front 3 holds 7"},
		"not handed in":  {MinAge, settlement.DayStatus{Good: true, HandedIn: handed, ToHandIn: []store.Export{{File: "f.txt"}}}, "", "f.txt was handed in"},
		"with a reason":  {MinAge, settlement.DayStatus{}, "the firm closed", ""},
		"never reported": {MinAge, settlement.DayStatus{Next: "report export"}, "", "report export"},
	} {
		c.d.End = end
		s := &Sealer{Why: c.why, Now: func() time.Time { return end.Add(c.age) }}
		err := s.Refusal(&c.d)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDamageIsFound: one byte of the file that is another one is found, wherever it is.
func TestDamageIsFound(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 20)
	sealed, err := o.Seal(t.Context(), &o.status)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(sealed.Path)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "damaged.zip")
	for at := 0; at < len(whole); at += 97 {
		b := bytes.Clone(whole)
		b[at] ^= 0x20
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := verified(t.Context(), o.db, path); err == nil {
			t.Fatalf("byte %d of %d", at, len(whole))
		}
		if _, err := Drop(t.Context(), o.db, path, o.Now()); err == nil {
			t.Fatalf("a damaged file lets the table be dropped (byte %d)", at)
		}
	}
	if err := os.WriteFile(path, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil {
		t.Error("half a file")
	}
}

// TestUnpackedAuditIsBounded: a member that unpacks to more, or less, than the manifest says ends the command, before it fills the disk.
func TestUnpackedAuditIsBounded(t *testing.T) {
	t.Parallel()
	const said = 1000
	for have, good := range map[int]bool{said: true, said - 1: false, said + 1: false, 8 << 20: false} {
		path := filepath.Join(t.TempDir(), "a.zip")
		var b bytes.Buffer
		w := newWriter(&b, windowEnd)
		m := Manifest{Form: Form, Members: []Member{{Name: auditFolder + "001-audit.jsonl", Bytes: said}}}
		err := errors.Join(
			w.add(m.Members[0].Name, func(to io.Writer) error { _, err := to.Write(make([]byte, have)); return err }),
			w.add(manifestMember, func(to io.Writer) error { return json.NewEncoder(to).Encode(&m) }), w.zip.Close(), os.WriteFile(path, b.Bytes(), 0o600))
		if err != nil {
			t.Fatal(err)
		}
		shelf, err := OpenShelf([]string{path})
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		_, err = shelf.UnpackAudit(t.Context(), dir)
		if (err == nil) != good || !good && !strings.Contains(err.Error(), "001-audit.jsonl is not what the manifest says") {
			t.Errorf("%d bytes of %d: %v", have, said, err)
		}
		info, err := os.Stat(filepath.Join(dir, "a.zip", "001-audit.jsonl"))
		if err != nil || info.Size() > said+1 {
			t.Errorf("%d bytes of %d: %v, %v", have, said, info, err)
		}
		storetest.CloseIt(t, shelf)
	}
}

var errCrash = errors.New("crash")

// brittle is a store that ends the run at a step.
type brittle struct {
	Store
	scanned, before, after bool
	late                   *store.Record // comes while the file is written
}

func (b *brittle) ScanArrivals(ctx context.Context, day calendar.TradingDay, f func(*store.Record, int64) error) (store.Position, error) {
	n := 0
	at, err := b.Store.ScanArrivals(ctx, day, func(r *store.Record, arrival int64) error {
		if n++; b.scanned && n == 10 {
			return errCrash
		}
		return f(r, arrival)
	})
	if b.late != nil {
		err = errors.Join(err, b.Store.(*postgres.Store).Put(ctx, []store.Record{*b.late}))
	}
	return at, err
}

func (b *brittle) Detach(ctx context.Context, a *store.Archive, at store.Position) error {
	if b.before {
		return errCrash
	}
	err := b.Store.Detach(ctx, a, at)
	if b.after && err == nil {
		return &store.InDoubtError{Err: errCrash}
	}
	return err
}

// TestNothingIsLostAtAnyStep: a run that ends at any step leaves each record in the store or in a whole file of the ledger, and the next run
// goes on.
func TestNothingIsLostAtAnyStep(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 100)
	late := storetest.Record(day)
	for _, step := range []brittle{{scanned: true}, {before: true}, {late: &late}, {after: true}} {
		b := step
		b.Store = o.db
		o.Store = &b
		_, err := o.Seal(t.Context(), &o.status)
		if err == nil {
			t.Fatalf("%+v: no error", step)
		}
		if b.late != nil {
			o.recs = append(o.recs, late)
			if !strings.Contains(err.Error(), "archive it again") {
				t.Errorf("a record that came meanwhile: %v", err)
			}
		}
		o.wantAll(t, fmt.Sprintf("%+v", step))
		if left, _ := filepath.Glob(filepath.Join(o.Out, ".*")); len(left) > 0 {
			t.Errorf("%+v: %v", step, left)
		}
	}
	storetest.WantExactly(t, o.db, day, nil) // the last was in doubt, and had been committed
	if all, err := o.db.Archives(t.Context(), day); err != nil || len(all) != 1 {
		t.Errorf("%v, %v", all, err)
	}
}

// TestAnotherFileIsNotReplaced: a file of the same name that has more records than the store is another's.
func TestAnotherFileIsNotReplaced(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 5)
	path := filepath.Join(o.Out, FileName("0001", day, 1))
	if err := os.WriteFile(path, []byte("a note"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Seal(t.Context(), &o.status); err == nil || !strings.Contains(err.Error(), "move it away") {
		t.Error(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	more := newOffice(t, 9)
	more.Out = o.Out
	if _, err := more.Seal(t.Context(), &more.status); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Seal(t.Context(), &o.status); err == nil || !strings.Contains(err.Error(), "keep it") {
		t.Error(err)
	}
	if _, err := Drop(t.Context(), o.db, path, o.Now()); !errors.Is(err, ErrUnknown) {
		t.Errorf("another firm's file: %v", err)
	}
	storetest.WantExactly(t, o.db, day, o.recs)
}
