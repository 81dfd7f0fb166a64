package reconcile_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/settlement/reconcile"
	"github.com/tradefront/tradefront/internal/store"
)

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
		{"report of another day", func(o *reconcile.Options) { o.Reports = []string{file("0001clientinfo20260106.txt", "")} }, "is the report of 20260106"},
		{"report of another name", func(o *reconcile.Options) { o.Reports = []string{file("x.txt", "")} }, "not the name of a report"},
		{"report missing", func(o *reconcile.Options) { o.Reports = []string{f.dir + "/none/" + reportName} }, "no such file"},
		{"report twice", func(o *reconcile.Options) { o.Reports = append(o.Reports, f.dir+"/./"+reportName) }, "are the same file"},
		{"a second report of another day", func(o *reconcile.Options) {
			o.Reports = append(o.Reports, file("0001clientinfo20260106.txt", ""))
		}, "is the report of 20260106"},
		{"no folder for temporary files", func(o *reconcile.Options) { o.TempDir = f.audit }, "is not a folder"},
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
