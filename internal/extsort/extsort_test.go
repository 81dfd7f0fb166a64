package extsort

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tradefront/tradefront/test/testmain"
)

// add puts recs into a Sorter that is closed when the test ends.
func add(t testing.TB, s *Sorter, recs [][]byte) {
	t.Helper()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, r := range recs {
		if err := s.Add(r); err != nil {
			t.Fatal(err)
		}
	}
}

// drain sorts and returns copies of all records.
func drain(t testing.TB, s *Sorter) (all [][]byte) {
	t.Helper()
	r, err := s.Sort()
	if err != nil {
		t.Fatal(err)
	}
	if want := s.records; r.Len() != want {
		t.Errorf("Len %d, want %d", r.Len(), want)
	}
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, bytes.Clone(rec))
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) || r.Len() != 0 {
		t.Errorf("after the end: %v, %d left", err, r.Len())
	}
	return all
}

// random makes records of up to maxLen bytes out of few letters, so that many are equal or
// begin alike.
func random(seed uint64, n, maxLen int) [][]byte {
	rnd := rand.New(rand.NewPCG(seed, 1))
	recs := make([][]byte, n)
	for i := range recs {
		rec := make([]byte, rnd.IntN(maxLen+1))
		for j := range rec {
			rec[j] = "\x00ab\xff"[rnd.IntN(4)]
		}
		recs[i] = rec
	}
	return recs
}

func wantSorted(t testing.TB, recs [][]byte, got [][]byte) {
	t.Helper()
	want := slices.SortedFunc(slices.Values(recs), bytes.Compare)
	if !slices.EqualFunc(want, got, bytes.Equal) {
		t.Fatalf("%d records in, %d out, or not in order", len(want), len(got))
	}
}

func TestSortsAsSlicesDoes(t *testing.T) {
	for name, c := range map[string]struct {
		n, maxLen int
		runs      int // at least
	}{
		"nothing":           {0, 0, 0},
		"in memory":         {500, 40, 0},
		"empty records":     {3000, 0, 2},
		"one merge":         {5000, 100, 4},
		"merged beforehand": {40_000, 100, 2 * minFanIn},
		"longest":           {600, 3000, minFanIn},
		"refs just full":    {MinMemory / 4 / refBytes, 0, 0}, // the refs are just full
	} {
		t.Run(name, func(t *testing.T) {
			s := New(t.TempDir(), 0)
			recs := random(7, c.n, c.maxLen)
			add(t, s, recs)
			if spilled := s.spill != nil; spilled != (c.runs > 0) || spilled && len(s.spill.runs) < c.runs-1 {
				t.Fatalf("spilled %v: %+v", spilled, s.spill)
			}
			wantSorted(t, recs, drain(t, s))
		})
	}
}

func TestProperty(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 3000).Draw(rt, "records")
		maxLen := rapid.SampledFrom([]int{0, 1, 8, 9, 300, 3000}).Draw(rt, "length")
		recs := random(rapid.Uint64().Draw(rt, "seed"), n, maxLen)
		s := New(dir, 0)
		for _, r := range recs {
			if err := s.Add(r); err != nil {
				rt.Fatal(err)
			}
		}
		got := drain(t, s)
		if want := slices.SortedFunc(slices.Values(recs), bytes.Compare); !slices.EqualFunc(want, got, bytes.Equal) {
			rt.Fatalf("%d records in, %d out, or not in order", n, len(got))
		}
		if err := s.Close(); err != nil {
			rt.Fatal(err)
		}
	})
}

// FuzzSort cuts its input into records and adds them over and over, until they spill.
func FuzzSort(f *testing.F) {
	f.Add([]byte("\x03abc\x00\x01a\x02ab"), uint16(1))
	f.Add([]byte("\x08aaaaaaaa\x09aaaaaaaa\x00\x07aaaaaaa"), uint16(4000))
	f.Add(bytes.Repeat([]byte{0xff}, 300), uint16(900))
	f.Fuzz(func(t *testing.T, in []byte, times uint16) {
		var recs [][]byte
		for times := int(times%4096) + 1; times > 0; times-- {
			for rest := in; len(rest) > 0 && len(recs) < 4000; {
				n := min(int(rest[0]), len(rest)-1)
				recs = append(recs, rest[1:1+n])
				rest = rest[1+n:]
			}
		}
		s := New(t.TempDir(), 0)
		add(t, s, recs)
		wantSorted(t, recs, drain(t, s))
	})
}

// The file has no name: nothing is left however the process ends.
func TestLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	s := New(dir, 0)
	add(t, s, random(1, 5000, 100))
	if s.spill == nil {
		t.Fatal("nothing was spilled")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("%v, %v are in the folder while sorting", err, entries)
	}
}

// Where an open file cannot be removed, Close removes it.
func TestNamedTempIsRemoved(t *testing.T) {
	dir := t.TempDir()
	s := New(dir, 0)
	s.create = func(dir string) (file, error) {
		f, err := os.CreateTemp(dir, "tradefront-sort-*")
		return namedTemp{f}, err
	}
	recs := random(1, 5000, 100)
	add(t, s, recs)
	wantSorted(t, recs, drain(t, s))
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Fatalf("%v", entries)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left %v", entries)
	}
}

func TestMisuse(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(s *Sorter) error
		want error
	}{
		"too long":       {func(s *Sorter) error { return s.Add(make([]byte, s.MaxRecord()+1)) }, ErrTooLong},
		"add after sort": {func(s *Sorter) error { _, _ = s.Sort(); return s.Add(nil) }, errState},
		"sort twice":     {func(s *Sorter) error { _, _ = s.Sort(); _, err := s.Sort(); return err }, errState},
		"add after close": {func(s *Sorter) error {
			return errors.Join(s.Close(), s.Add(nil))
		}, errState},
		"next after close": {func(s *Sorter) error {
			r, _ := s.Sort()
			_ = r.Close()
			_, err := r.Next()
			return err
		}, errState},
		"no folder": {func(s *Sorter) error {
			s.dir = "/no/such/folder"
			for {
				if err := s.Add(make([]byte, 1000)); err != nil {
					return err
				}
			}
		}, os.ErrNotExist},
	} {
		t.Run(name, func(t *testing.T) {
			s := New(t.TempDir(), 0)
			defer s.Close()
			if err := c.do(s); !errors.Is(err, c.want) {
				t.Fatalf("%v, want %v", err, c.want)
			}
			if err := s.Add(nil); err == nil {
				t.Error("a record was taken after the error")
			}
		})
	}
}

func TestLongestRecordIsTaken(t *testing.T) {
	for _, memory := range []int{0, 1 << 20, 64 << 20} {
		s := New(t.TempDir(), memory)
		recs := [][]byte{bytes.Repeat([]byte{2}, s.MaxRecord()), bytes.Repeat([]byte{1}, s.MaxRecord())}
		for n := 0; n < memory+MinMemory; n += len(recs[0]) {
			recs = append(recs, recs[0])
		}
		add(t, s, recs)
		wantSorted(t, recs, drain(t, s))
	}
}

func TestCancelledWhileMerging(t *testing.T) {
	s := New(t.TempDir(), 0)
	add(t, s, random(1, 40_000, 100))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.SortContext(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestFewRecordsTakeLittleMemory: no record takes none, a few take no more than a block, and more take what New was given, once.
func TestFewRecordsTakeLittleMemory(t *testing.T) {
	t.Parallel()
	const memory = 16 << 20
	s := New(t.TempDir(), memory)
	defer s.Close()
	taken := func() int { return cap(s.arena) + cap(s.refs)*refBytes }
	if taken() != 0 {
		t.Errorf("%d bytes without a record", taken())
	}
	rec := make([]byte, 200)
	for i := range 20_000 {
		if err := s.Add(rec); err != nil {
			t.Fatal(err)
		}
		if i < 50 && taken() > s.block || taken() > memory {
			t.Fatalf("%d bytes for %d records", taken(), i+1)
		}
	}
	if taken() != memory || s.spill != nil {
		t.Errorf("%d bytes of %d, %v", taken(), memory, s.spill)
	}
}

// Memory does not follow the number of records: the heap in use, looked at while adding and
// while reading.
func TestMemoryIsBounded(t *testing.T) {
	testmain.NotRaced(t) // its heap is not the product's
	const memory = 4 << 20
	peak := func(records int) (peak uint64) {
		var stats runtime.MemStats
		look := func(i int) {
			if i%(records/8) == 0 {
				runtime.GC()
				runtime.ReadMemStats(&stats)
				peak = max(peak, stats.HeapAlloc)
			}
		}
		s := New(t.TempDir(), memory)
		defer s.Close()
		rec := make([]byte, 200)
		rnd := rand.New(rand.NewPCG(1, 1))
		for i := range records {
			binary.BigEndian.PutUint64(rec, rnd.Uint64())
			if err := s.Add(rec); err != nil {
				t.Fatal(err)
			}
			look(i)
		}
		r, err := s.Sort()
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for ; ; n++ {
			if _, err := r.Next(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			look(n)
		}
		if n != records || s.spill == nil {
			t.Fatalf("%d of %d, %v", n, records, s.spill)
		}
		return peak
	}
	small, large := peak(20_000), peak(800_000) // one run and 50: merged beforehand
	if large > small+512<<10 || large > memory+2<<20 {
		t.Errorf("heap of %d bytes with 800,000 records, %d with 20,000", large, small)
	}
}

func BenchmarkSort(b *testing.B) {
	rec := make([]byte, 700)
	rnd := rand.New(rand.NewPCG(1, 1))
	s := New(b.TempDir(), 16<<20)
	defer s.Close()
	b.SetBytes(int64(len(rec)))
	for b.Loop() {
		binary.BigEndian.PutUint64(rec[10:], rnd.Uint64())
		if err := s.Add(rec); err != nil {
			b.Fatal(err)
		}
	}
	r, err := s.Sort()
	for err == nil {
		_, err = r.Next()
	}
	if !errors.Is(err, io.EOF) {
		b.Fatal(err)
	}
}
