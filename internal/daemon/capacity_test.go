package daemon

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// TestCapacity: a warning before the bound, not ready at it, ready again behind it; the log says
// each turn once.
func TestCapacity(t *testing.T) {
	local, err := journal.Open(t.Context(), filepath.Join(t.TempDir(), "local.db"), journal.Options{
		Bounds: journal.Bounds{Rows: 100},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	var log bytes.Buffer
	d := &Daemon{path: LoginPath{Journal: local}, logger: logs.NewLogger(zap.NewAtomicLevel(), &log)}
	for _, step := range []struct {
		put         int
		near, ready bool
		ratio       float64
	}{
		{0, true, true, 0}, {79, true, true, 0.79}, {1, false, true, 0.8}, {20, false, false, 1}, {0, false, false, 1},
	} {
		if err := local.Put(t.Context(), storetest.Records(storetest.Day, step.put)); err != nil {
			t.Fatal(err)
		}
		d.measure(t.Context())
		near, reason := d.capacity.check()
		ready, why := d.notFull()
		if near != step.near || ready != step.ready || d.capacity.ratios()["rows"] != step.ratio {
			t.Errorf("after %d more: near %v (%s), ready %v (%s), %v", step.put, near, reason, ready, why, d.capacity.ratios())
		}
	}
	if n := strings.Count(log.String(), "it holds 100 records, store.max_rows is 100"); n != 1 {
		t.Errorf("the bound is told %d times: %s", n, log.String())
	}
	recs, err := local.Days(t.Context())
	if err != nil || recs[0].Records != 100 || d.capacity.rows() != 100 {
		t.Errorf("%v, %v, gauge %v", recs, err, d.capacity.rows())
	}
}

// TestCapacityOfAFailedLook: what was measured is kept although the log could not be folded then, and
// a look that could not read the store still tells of the disk.
func TestCapacityOfAFailedLook(t *testing.T) {
	var c capacity
	full := journal.Measure{Bound: "free", Ratio: 2, Value: 1, Limit: 2}
	c.set(journal.Capacity{Bytes: 7}, nil)
	if turned, failed := c.set(journal.Capacity{Bytes: 8, Free: 1, Measures: []journal.Measure{full}, Full: &full}, store.ErrDiskFull); !turned || !failed {
		t.Errorf("turned %v, failed %v", turned, failed)
	}
	if ok, why := c.check(); ok || c.bytes() != 8 || c.ratios()["free"] != 2 || !strings.Contains(why, "near a bound") {
		t.Errorf("%v, %s, %v bytes, %v", ok, why, c.bytes(), c.ratios())
	}
	c.set(journal.Capacity{Free: 3}, store.ErrDiskFull)
	if last, err := c.get(); last.Full != nil || last.Free != 3 || last.Bytes != 8 || err == nil {
		t.Errorf("%+v, %v", last, err)
	}
}
