package verify

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"runtime"
	"testing"

	"github.com/tradefront/tradefront/test/testmain"
)

// lineSource makes lines on the fly, so that a benchmark needs no file of gigabytes: ever
// the same line, but for the first 12 bytes of both ciphertexts, which count.
type lineSource struct {
	line [704]byte
	len  int
	at   int // of the line, read so far
	n    uint64
	end  uint64
}

func newLineSource(lines int) *lineSource {
	s := &lineSource{end: uint64(lines)}
	item := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0x5a}, RSALen))
	s.len = copy(s.line[:], "TF01@1.0@"+item+"@"+item+"\n")
	s.at = s.len
	return s
}

func (s *lineSource) next() {
	const terminalAt, supplementAt = 9, 9 + 344 + 1
	var count [12]byte
	s.n++
	binary.LittleEndian.PutUint64(count[:], s.n*0x9e3779b97f4a7c15) // spread over all bytes
	base64.StdEncoding.Encode(s.line[terminalAt:terminalAt+16], count[:])
	base64.StdEncoding.Encode(s.line[supplementAt:supplementAt+16], count[:])
	s.at = 0
}

func (s *lineSource) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if s.at == s.len {
			if s.n == s.end {
				return n, io.EOF
			}
			s.next()
		}
		copied := copy(p[n:], s.line[s.at:s.len])
		n, s.at = n+copied, s.at+copied
	}
	return n, nil
}

// verifyLines reads, judges and looks for repeats, all that a file of good lines needs.
func verifyLines(tb testing.TB, lines int, fileBytes int64) {
	o := &Options{}
	r := &run{
		o: o, rules: newRules(o, Window{}), chunker: newChunker(newLineSource(lines)), repeats: newRepeats(tb.TempDir(), fileBytes),
	}
	defer r.repeats.close()
	w, err := r.judge(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := r.repeats.find(tb.Context(), &w.found); err != nil {
		tb.Fatal(err)
	}
	if w.found.count != [numKinds]int64{} || w.shares.lines != int64(lines) {
		tb.Fatalf("%d lines, %v", w.shares.lines, w.found.count)
	}
}

// BenchmarkVerify is a report without keys. 5,000,000 lines are more than the largest firms
// have in a day.
func BenchmarkVerify(b *testing.B) {
	for _, c := range []struct{ lines, processors int }{{200_000, 1}, {200_000, 2}, {5_000_000, 2}} {
		b.Run(fmt.Sprintf("lines=%d/processors=%d", c.lines, c.processors), func(b *testing.B) {
			if testing.Short() && c.lines > 1_000_000 {
				b.Skip("-short: too many lines")
			}
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(c.processors))
			for b.Loop() {
				verifyLines(b, c.lines, 1<<40)
			}
			b.ReportMetric(float64(c.lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
			b.ReportMetric(peakMemory(b), "peak-MiB")
		})
	}
}

// peakMemory is the most that this process ever had in memory, 0 where the system does not say.
func peakMemory(b *testing.B) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	var kib float64
	if _, err := fmt.Sscan(string(rest), &kib); err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}

// BenchmarkJudgeLine is a line without keys; it must not allocate.
func BenchmarkJudgeLine(b *testing.B) {
	w, ch := oneLine(b)
	b.SetBytes(int64(len(ch.data)))
	b.ReportAllocs()
	for b.Loop() {
		w.prints = w.prints[:0]
		w.judge(1, ch.data[:len(ch.data)-1], false)
	}
}

func oneLine(tb testing.TB) (*worker, chunk) {
	o := &Options{}
	r := newRepeats("", 0)
	tb.Cleanup(func() { _ = r.close() })
	w := newWorker(newRules(o, Window{}), r)
	w.vendors = []string{"TF01"}
	c, err := newChunker(newLineSource(1)).next(make([]byte, chunkBytes))
	if err != nil {
		tb.Fatal(err)
	}
	return w, c
}

func TestJudgeDoesNotAllocate(t *testing.T) {
	w, ch := oneLine(t)
	if n := testing.AllocsPerRun(1000, func() {
		w.prints = w.prints[:0]
		if _, ok := w.judge(1, ch.data[:len(ch.data)-1], false); !ok {
			t.Fatal("not good")
		}
	}); n != 0 {
		t.Errorf("%v allocations a line", n)
	}
}

// Once the sorter is full and spills, more lines take no more memory. All that is ever
// allocated is counted, so that nothing can have been freed in between.
func TestMemoryIsConstant(t *testing.T) {
	testmain.NotRaced(t) // its heap is not the product's
	allocated := func(lines int) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		verifyLines(t, lines, 4<<20)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	small, large := allocated(30_000), allocated(150_000)
	if large > small+1<<20 {
		t.Errorf("%d bytes allocated for 150,000 lines, %d for 30,000", large, small)
	}
}
