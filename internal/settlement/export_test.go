package settlement

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/settlement/settlementtest"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/test/testmain"
)

var update = flag.Bool("update", false, "write the golden file anew")

const day calendar.TradingDay = 20260105

// records is a scan of a slice, that can end in an error after so many records.
type records struct {
	all  []store.Record
	fail error
}

func (r records) Scan(_ context.Context, _ calendar.TradingDay, f func(*store.Record) error) error {
	for i := range r.all {
		if err := f(&r.all[i]); err != nil {
			return err
		}
	}
	return r.fail
}

func record(n uint64) store.Record {
	r := store.Record{
		TradingDay: day, VendorID: "TF01", KeyVersion: "1.0", Flag: regulation.FlagNormal,
		Terminal: bytes.Repeat([]byte{byte(n)}, 256), Supplement: bytes.Repeat([]byte{byte(n), 0xfb}, 128),
	}
	binary.BigEndian.PutUint64(r.ID[8:], n)
	return r
}

// export writes the report of const day from a store that remembers nothing.
func export(t testing.TB, dir string, from settlementtest.Scanner) (Done, error) {
	t.Helper()
	return exporter(t, settlementtest.Store{Scanner: from}, dir).Export(t.Context(), day, store.FullExport)
}

// whenScanned makes its records when they are scanned.
type whenScanned func() settlementtest.Scanner

func (w whenScanned) Scan(ctx context.Context, d calendar.TradingDay, f func(*store.Record) error) error {
	return w().Scan(ctx, d, f)
}

// names is what a directory has, temporary files included.
func names(t testing.TB, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestExportGolden(t *testing.T) {
	silent := record(2) // its terminal sent nothing
	silent.Terminal, silent.Flag = nil, regulation.FlagTerminalEmpty
	newKey := record(3)
	newKey.KeyVersion = "2.0"
	odd := record(4) // sent what is no ciphertext: padding shows
	odd.Terminal, odd.Flag = []byte("abcd"), regulation.FlagTerminalData

	var told []int64
	dir := t.TempDir()
	x := exporter(t, settlementtest.Store{Scanner: records{all: []store.Record{record(1), silent, newKey, odd}}}, dir)
	x.Progress = func(n int64) { told = append(told, n) }
	got, err := x.Export(t.Context(), day, store.FullExport)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(dir, "0001clientinfo20260105.txt"))
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/0001clientinfo20260105.txt"
	if *update {
		if err := os.WriteFile(golden, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(content, want) {
		t.Errorf("got:\n%s\nwant:\n%s", content, want)
	}
	expected := Result{Path: filepath.Join(dir, "0001clientinfo20260105.txt"), Rows: 4, Bytes: int64(len(want)), SHA256: sha256.Sum256(want)}
	if diff := cmp.Diff(expected, got.Result); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(told, []int64{4}) || len(names(t, dir)) != 2 {
		t.Errorf("progress %v, files %v", told, names(t, dir))
	}
	if info, _ := os.Stat(got.Path); info.Mode().Perm() != reportfile.Perm {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestExportOfNoRecords(t *testing.T) {
	got, err := export(t, t.TempDir(), records{})
	if err != nil || got.Rows != 0 || got.Bytes != 0 || got.SHA256 != sha256.Sum256(nil) {
		t.Errorf("%+v, %v", got, err)
	}
}

// After each fault in the middle: no file, no temporary file, and the report from
// before as it was.
func TestExportFailureLeavesNothing(t *testing.T) {
	with := func(change func(*store.Record)) records {
		bad := record(2)
		change(&bad)
		return records{all: []store.Record{record(1), bad}}
	}
	scanFault := errors.New("connection lost")
	for _, c := range []struct {
		name string
		from records
		want string
	}{
		{"scan fails", records{all: []store.Record{record(1)}, fail: scanFault}, "connection lost"},
		{"vendor empty", with(func(r *store.Record) { r.VendorID = "" }), "vendor ID: empty"},
		{"vendor breaks the line", with(func(r *store.Record) { r.VendorID = "a@b" }), "vendor ID: contains the separator @"},
		{"vendor with LF", with(func(r *store.Record) { r.VendorID = "a\nb" }), "vendor ID: contains a control character"},
		{"vendor long", with(func(r *store.Record) { r.VendorID = "12345678901" }), "vendor ID: 11 bytes, at most 10 allowed"},
		{"version empty", with(func(r *store.Record) { r.KeyVersion = "" }), "key version: empty"},
		{"version long", with(func(r *store.Record) { r.KeyVersion = "123456789" }), "key version: 9 bytes, at most 8 allowed"},
		{"no supplement", with(func(r *store.Record) { r.Supplement = nil }), "supplement: empty"},
		{"supplement long", with(func(r *store.Record) { r.Supplement = make([]byte, reportfile.MaxSupplement+1) }), "supplement: 1025 bytes"},
		{"terminal long", with(func(r *store.Record) { r.Terminal = make([]byte, reportfile.MaxTerminal+1) }), "terminal: 4097 bytes"},
		{"other day", with(func(r *store.Record) { r.TradingDay++ }), "belongs to 20260106"},
		{"twice", with(func(r *store.Record) { r.ID = record(1).ID }), "appears twice"},
		{"out of order", with(func(r *store.Record) { r.ID = uuid.Nil }), "out of order"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			before := filepath.Join(dir, reportfile.FileName("0001", day))
			if err := os.WriteFile(before, []byte("before"), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := export(t, dir, c.from)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
			var bad *RecordError
			if isRecord := c.from.fail == nil; errors.As(err, &bad) != isRecord || isRecord && (bad.ID != c.from.all[1].ID || !strings.Contains(err.Error(), bad.ID.String())) {
				t.Errorf("%v does not name the record", err)
			}
			content, _ := os.ReadFile(before)
			if string(content) != "before" || len(names(t, dir)) != 1 {
				t.Errorf("left %q, %v", content, names(t, dir))
			}
		})
	}
}

// A cancelled export must not pass for a short day, even if the scan does not notice.
func TestExportCancelled(t *testing.T) {
	for name, from := range map[string]func(cancel func()) settlementtest.Scanner{
		"at a record": func(cancel func()) settlementtest.Scanner { cancel(); return records{all: []store.Record{record(1)}} },
		"at the end":  func(cancel func()) settlementtest.Scanner { cancel(); return records{} },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		dir := t.TempDir()
		x := exporter(t, settlementtest.Store{Scanner: whenScanned(func() settlementtest.Scanner { return from(cancel) })}, dir)
		_, err := x.Export(ctx, day, store.FullExport)
		if !errors.Is(err, context.Canceled) || len(names(t, dir)) != 0 {
			t.Errorf("%s: %v, left %v", name, err, names(t, dir))
		}
		cancel()
	}
}

func TestExportRefusesOptions(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		unit string
		day  calendar.TradingDay
		dir  string
		want string
	}{
		{"", day, dir, "report unit ID"},
		{"../x", day, dir, "report unit ID"},
		{"12345678901", day, dir, "report unit ID"},
		{"1", 20260230, dir, "not a date"},
		{"1", day, filepath.Join(dir, "none"), "output directory"},
		{"1", day, file, "is not a directory"},
	} {
		x := exporter(t, settlementtest.Store{Scanner: records{}}, c.dir)
		x.UnitID = c.unit
		if _, err := x.Export(t.Context(), c.day, store.FullExport); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c, err, c.want)
		}
	}
	if left := names(t, dir); len(left) != 1 {
		t.Errorf("left %v", left)
	}
}

// A report name that is taken by a directory cannot be replaced, and nothing is left beside it.
func TestExportOverFolder(t *testing.T) {
	dir := t.TempDir()
	taken := filepath.Join(dir, reportfile.FileName("0001", day))
	if err := os.MkdirAll(filepath.Join(taken, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := export(t, dir, records{all: []store.Record{record(1)}}); err == nil || len(names(t, dir)) != 1 {
		t.Errorf("%v, left %v", err, names(t, dir))
	}
}

// many scans n records out of one, as a store does.
type many struct {
	n    uint64
	peak *uint64 // of the heap in bytes, looked at now and then
}

func (m many) Scan(_ context.Context, _ calendar.TradingDay, f func(*store.Record) error) error {
	r := record(1)
	var stats runtime.MemStats
	for n := uint64(1); n <= m.n; n++ {
		binary.BigEndian.PutUint64(r.ID[8:], n)
		if err := f(&r); err != nil {
			return err
		}
		if n%(m.n/20) == 0 {
			runtime.GC()
			runtime.ReadMemStats(&stats)
			*m.peak = max(*m.peak, stats.HeapAlloc)
		}
	}
	return nil
}

func TestExportMemoryIsConstant(t *testing.T) {
	testmain.NotRaced(t) // its heap is not the product's
	peak := func(n uint64) (p uint64) {
		got, err := export(t, t.TempDir(), many{n, &p})
		if err != nil || got.Rows != int64(n) {
			t.Fatalf("%+v, %v", got, err)
		}
		return p
	}
	small, large := peak(1000), peak(100_000)
	if large > small+1<<20 {
		t.Errorf("heap of %d bytes with 100,000 rows, %d with 1,000", large, small)
	}
}

func TestRowDoesNotAllocate(t *testing.T) {
	out, err := reportfile.Create(t.TempDir(), "x")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Discard()
	w := &lineWriter{out: out, day: day}
	r, n := record(1), uint64(0)
	allocs := testing.AllocsPerRun(5000, func() {
		n++
		binary.BigEndian.PutUint64(r.ID[8:], n)
		if err := w.write(&r); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations a row", allocs)
	}
}

// For any records of a day, reading the report gives them back, in order.
func TestExportParsesBack(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		var all []store.Record
		for i := range rapid.IntRange(0, 20).Draw(rt, "rows") {
			r := record(uint64(i + 1))
			r.VendorID = rapid.StringMatching(`[0-9A-Za-z_.期-]{1,3}`).Draw(rt, "vendor")
			r.KeyVersion = rapid.StringMatching(`[0-9.]{1,8}`).Draw(rt, "version")
			r.Terminal = rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(rt, "terminal")
			r.Supplement = rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(rt, "supplement")
			all = append(all, r)
		}
		out, err := os.MkdirTemp(dir, "")
		if err != nil {
			rt.Fatal(err)
		}
		got, err := export(t, out, records{all: all})
		if err != nil {
			rt.Fatal(err)
		}
		content, err := os.ReadFile(got.Path)
		if err != nil {
			rt.Fatal(err)
		}
		lines := bytes.SplitAfter(content, []byte{'\n'})
		if last := lines[len(lines)-1]; len(last) != 0 || len(lines) != len(all)+1 {
			rt.Fatalf("%d lines for %d records, the last %q", len(lines)-1, len(all), last)
		}
		for i, r := range all {
			l, err := reportfile.ParseLine(lines[i][:len(lines[i])-1])
			if err != nil {
				rt.Fatal(err)
			}
			if l.VendorID != r.VendorID || l.KeyVersion != r.KeyVersion || !bytes.Equal(l.Terminal, r.Terminal) || !bytes.Equal(l.Supplement, r.Supplement) {
				rt.Fatalf("line %d is %+v, want %+v", i, l, r)
			}
		}
	})
}

// BenchmarkExport is from records to the durable file, without manifest and ledger.
func BenchmarkExport(b *testing.B) {
	dir := b.TempDir()
	const rows = 10_000
	one := record(1)
	from := benchRecords{&one, rows}
	for b.Loop() {
		out, err := reportfile.Create(dir, reportfile.FileName("0001", day))
		if err != nil {
			b.Fatal(err)
		}
		w := &lineWriter{out: out, day: day}
		err = w.writeAll(b.Context(), func(f func(*store.Record) error) error { return from.Scan(b.Context(), day, f) })
		if err = errors.Join(err, out.Commit()); err != nil {
			b.Fatal(err)
		}
		out.Discard()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}

type benchRecords struct {
	r *store.Record
	n uint64
}

func (m benchRecords) Scan(_ context.Context, _ calendar.TradingDay, f func(*store.Record) error) error {
	for n := range m.n {
		binary.BigEndian.PutUint64(m.r.ID[8:], n+1)
		if err := f(m.r); err != nil {
			return err
		}
	}
	return nil
}
