package reconcile_test

import (
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/settlement/reconcile"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// TestManyMovedRecords: more records than are looked up otherwise were moved to another day, each is found there, and one that is lost
// is named. It sets a variable of the package, and so runs alone.
func TestManyMovedRecords(t *testing.T) {
	bound := reconcile.MaxLookups()
	t.Cleanup(func() { reconcile.SetMaxLookups(bound) })
	for name, open := range map[string]open{"embedded": embedded, "postgres": onPostgres} {
		t.Run(name, func(t *testing.T) {
			f := newFirm(t, open, 2)
			var entries []logs.Entry
			for _, rec := range storetest.Records(day, 1200) { // more than a batch
				entries = append(entries, login(&rec))
				rec.TradingDay = day + 1
				f.records = append(f.records, rec)
			}
			if err := f.store.Put(t.Context(), f.records[2:]); err != nil {
				t.Fatal(err)
			}
			both := storetest.Record(day) // answered on both days, and stored on the other alone
			entries = append(entries, login(&both))
			both.TradingDay = day + 1
			entries = append(entries, login(&both), login(lost()))
			f.put(both)
			o := f.options()
			o.Audit = append(o.Audit, f.log("moved.jsonl", entries...))

			reconcile.SetMaxLookups(100)
			o.Moved = true
			got := found(f.run(o))
			if got[reconcile.OtherDay].Total != 1200 || got[reconcile.AnsweredNotStored].Total != 2 {
				t.Errorf("%+v", got)
			}
			o.Moved = false // another store than that of the audit logs
			r := f.run(o)
			got = found(r)
			if n := got[reconcile.OtherDay].Total; n > 100 || n+got[reconcile.AnsweredNotStored].Total != 1202 {
				t.Errorf("%+v", got)
			}
			if !strings.Contains(strings.Join(r.Warnings, "; "), "more than 100 records are missing") {
				t.Errorf("warnings %q", r.Warnings)
			}
		})
	}
}
