package reconcile_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/settlement/reconcile"
	"github.com/tradefront/tradefront/internal/settlement/settlementtest"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

const (
	day  = storetest.Day
	unit = "0001"

	reportName = "0001clientinfo20260105.txt"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// firm is a store with a day of logins, the audit log that the front wrote, and the report.
type firm struct {
	t       testing.TB
	dir     string
	store   dayStore
	records []store.Record // in RecordID order
	audit   string
	report  string
	last    string // RecordID of what a case added
}

// open opens one of the two stores, empty.
type open func(t testing.TB) dayStore

// dayStore is what the tests need of either store.
type dayStore interface {
	store.Store
	reconcile.Records
}

func embedded(t testing.TB) dayStore {
	t.Helper()
	l, err := journal.Open(t.Context(), filepath.Join(t.TempDir(), "local.db"), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func onPostgres(t testing.TB) dayStore {
	t.Helper()
	return storetest.OpenPostgres(t)
}

// newFirm stores and logs n logins of the day, and exports them.
func newFirm(t testing.TB, open open, n int) *firm {
	t.Helper()
	f := &firm{t: t, dir: t.TempDir(), records: storetest.Records(day, n)}
	s := open(t)
	f.store = s
	slices.SortFunc(f.records, func(a, b store.Record) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	if err := s.Put(t.Context(), f.records); err != nil {
		t.Fatal(err)
	}
	f.audit = f.log("audit.jsonl", f.entries()...)
	f.report = export(t, s, f.dir)
	return f
}

// export writes the report of the day into dir.
func export(t testing.TB, s store.Store, dir string) (path string) {
	t.Helper()
	cal, err := calendar.Parse(configs.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	_, end, err := cal.Window(day)
	if err != nil {
		t.Fatal(err)
	}
	x := settlement.Exporter{
		Store: settlementtest.Store{Scanner: s}, Calendar: cal, UnitID: unit, OutDir: dir,
		Now: func() time.Time { return end },
	}
	done, err := x.Export(t.Context(), day, store.FullExport)
	if err != nil {
		t.Fatal(err)
	}
	return done.Path
}

// newFirmSpread has logins an hour apart.
func newFirmSpread(t testing.TB, n int) *firm {
	t.Helper()
	f := &firm{t: t, dir: t.TempDir(), records: storetest.Records(day, n), store: embedded(t)}
	for i := range f.records {
		f.records[i].LoginTime = f.records[i].LoginTime.Add(time.Duration(i-n) * time.Hour)
	}
	if err := f.store.Put(t.Context(), f.records); err != nil {
		t.Fatal(err)
	}
	return f
}

// entries are what the gateway logs for the records, and for what is not a login.
func (f *firm) entries() (all []logs.Entry) {
	for i := range f.records {
		all = append(all,
			logs.Entry{Time: f.records[i].LoginTime, Event: logs.EventAuthenticate, Reason: "ok", AppID: "client_test_1.0"},
			logs.Entry{Time: f.records[i].LoginTime, Event: logs.EventLogin, Reason: "wrong_password", Code: 3, Ref: "R0001", Account: "88888888"},
			login(&f.records[i]))
	}
	return all
}

func login(r *store.Record) logs.Entry {
	return logs.Entry{
		Time: r.LoginTime, Event: logs.EventLogin, Reason: "ok", RecordID: r.ID, AppID: string(r.AppID),
		Account: string(r.Account), Address: netip.MustParseAddr("203.0.113.7"), Port: 40000, FrontID: r.FrontID,
		SessionID: r.SessionID, TradingDay: r.TradingDay, Flag: r.Flag, KeyVersion: r.KeyVersion, UserType: r.UserType,
	}
}

func unanswered(r *store.Record) logs.Entry {
	return logs.Entry{
		Time: r.LoginTime.Add(time.Second), Event: logs.EventUnanswered, Reason: "ok", RecordID: r.ID,
		Account: string(r.Account), FrontID: r.FrontID, SessionID: r.SessionID,
	}
}

// log writes an audit log as the daemon does, and returns its path.
func (f *firm) log(name string, entries ...logs.Entry) string {
	f.t.Helper()
	path := filepath.Join(f.dir, name)
	audit, err := logs.OpenAudit(path)
	if err != nil {
		f.t.Fatal(err)
	}
	for i, e := range entries {
		if i%1000 != 0 {
			audit.Log(e)
		} else if err := audit.LogWritten(f.t.Context(), e); err != nil { // so that none is dropped
			f.t.Fatal(err)
		}
	}
	if err := audit.Close(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	return path
}

func (f *firm) options() reconcile.Options {
	return reconcile.Options{
		Day: day, UnitID: unit, Audit: []string{f.audit}, Records: f.store, Reports: []string{f.report}, TempDir: f.dir,
	}
}

func (f *firm) run(o reconcile.Options) *reconcile.Result {
	f.t.Helper()
	r, err := reconcile.Run(f.t.Context(), o)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

// edit replaces a file by what change makes of its lines, which have their LF.
func (f *firm) edit(path string, change func(lines []string) []string) {
	f.t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		f.t.Fatal(err)
	}
	lines := slices.Collect(strings.Lines(string(content)))
	f.write(path, []byte(strings.Join(change(lines), "")))
}

func (f *firm) write(path string, content []byte) {
	f.t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f *firm) put(r store.Record) {
	f.t.Helper()
	if err := f.store.Put(f.t.Context(), []store.Record{r}); err != nil {
		f.t.Fatal(err)
	}
}

// lost is a record that no store has.
func lost() *store.Record {
	r := storetest.Record(day)
	return &r
}

// notes is how many other kinds a difference of that kind brings with it: without any
// entries, no record has one.
func notes(k reconcile.Kind) int {
	if k == reconcile.AuditWithoutLogins {
		return 1
	}
	return 0
}

// compress replaces a file by its gzipped form, under the same name.
func (f *firm) compress(path string) {
	f.t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		f.t.Fatal(err)
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(content); err != nil {
		f.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		f.t.Fatal(err)
	}
	f.write(path, out.Bytes())
}

// found are the differences of a result by kind.
func found(r *reconcile.Result) map[reconcile.Kind]reconcile.Differences {
	all := make(map[reconcile.Kind]reconcile.Differences)
	for _, d := range r.Differences() {
		all[d.Kind] = d
	}
	return all
}

// scanned is a store whose scan gives what change makes of its records.
type scanned struct {
	reconcile.Records
	change func(all []store.Record) []store.Record
}

func (s scanned) Scan(ctx context.Context, day calendar.TradingDay, f func(*store.Record) error) error {
	var all []store.Record
	err := s.Records.Scan(ctx, day, func(r *store.Record) error {
		c := *r
		c.Terminal, c.Supplement = bytes.Clone(r.Terminal), bytes.Clone(r.Supplement)
		all = append(all, c)
		return nil
	})
	if err != nil {
		return err
	}
	for _, r := range s.change(all) {
		if err := f(&r); err != nil {
			return err
		}
	}
	return nil
}
