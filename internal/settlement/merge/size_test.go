package merge

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/tradefront/tradefront/test/testmain"
)

// manyLines writes n lines of which every fourth appears twice.
func manyLines(t testing.TB, n uint64) []string {
	t.Helper()
	var even, odd bytes.Buffer
	for i := n; i > 0; i-- {
		out := &even
		if i%2 == 1 {
			out = &odd
		}
		out.WriteString(line(i) + "\n")
		if i%4 == 0 {
			odd.WriteString(line(i) + "\n")
		}
	}
	return seats(t, even.String(), odd.String())
}

// Beyond memory, and memory does not follow the number of lines.
func TestMergeMemoryIsConstant(t *testing.T) {
	testmain.NotRaced(t) // its heap is not the product's
	peak := func(n uint64) (p uint64) {
		in := manyLines(t, n)
		var stats runtime.MemStats
		look := func(int64, int64) {
			runtime.GC()
			runtime.ReadMemStats(&stats)
			p = max(p, stats.HeapAlloc)
		}
		got, err := Merge(t.Context(), Options{Inputs: in, OutDir: t.TempDir(), Reading: look, Writing: look})
		if err != nil || got.Rows != int64(n) || got.Duplicates != int64(n/4) {
			t.Fatalf("%+v, %v", got, err)
		}
		return p
	}
	small, large := peak(15_000), peak(45_000) // two runs and seven
	if large > small+1<<20 {
		t.Errorf("heap of %d bytes with 45,000 lines, %d with 15,000", large, small)
	}
}

func BenchmarkMerge(b *testing.B) {
	in, out := manyLines(b, 100_000), b.TempDir()
	for b.Loop() {
		if _, err := Merge(b.Context(), Options{Inputs: in, OutDir: out}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(125_000*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
