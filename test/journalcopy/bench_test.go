//go:build linux

package journalcopy

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/processor"
)

// turnLength is that of a way in a round.
const turnLength = 2 * time.Second

// measured is what a turn found.
type measured struct {
	p50, p99     time.Duration
	rate         float64       // records a second
	front, other time.Duration // processor time a record
}

// BenchmarkJournalCopy measures each way with 1, 8 and 64 logins at once. -benchtime 5x is five rounds.
func BenchmarkJournalCopy(b *testing.B) {
	ways := allWays(b)
	for _, logins := range []int{1, 8, 64} {
		b.Run(fmt.Sprint("logins=", logins), func(b *testing.B) {
			found := make([][]measured, len(ways)) // of each round
			for first := 0; b.Loop(); first++ {    // each round begins with another one
				for i := range ways {
					which := (first + i) % len(ways)
					found[which] = append(found[which], turn(b, ways[which], logins))
				}
			}
			fmt.Println(table(ways, found, logins))
		})
	}
}

// turn has so many logins at once append one record after the other.
func turn(b *testing.B, w *way, logins int) measured {
	length := turnLength
	if testing.Short() {
		length /= 100
	}
	front, other, start := processor.Time(os.Getpid()), w.others(), time.Now()
	var (
		all    sync.WaitGroup
		failed atomic.Bool
		took   = make([][]time.Duration, logins)
	)
	for i := range logins {
		all.Go(func() {
			for len(took[i]) == 0 || time.Since(start) < length && !failed.Load() { // one at least, however late it begins
				rec, begun := storetest.SeenRecord(storetest.Day), time.Now()
				if err := w.append(b.Context(), &rec); err != nil {
					failed.Store(true)
					b.Error(w.name, ": ", err)
				}
				took[i] = append(took[i], time.Since(begun))
			}
		})
	}
	all.Wait()
	elapsed := time.Since(start)
	w.settle()
	times := slices.Sorted(slices.Values(slices.Concat(took...)))
	n := time.Duration(len(times))
	return measured{
		p50: times[n/2], p99: times[n*99/100], rate: float64(n) / elapsed.Seconds(),
		front: (processor.Time(os.Getpid()) - front) / n, other: (w.others() - other) / n,
	}
}

// table has medians of the rounds, and of the ratios to the first way.
func table(ways []*way, found [][]measured, logins int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d logins at once, %d rounds\n", logins, len(found[0]))
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "way\tp50\tp99\tp50 / journal's\tp99\trecords/s\tfront's CPU a record\tothers'\tsum / journal's")
	for i, way := range ways {
		of := func(figure func(measured) float64) float64 { return medianOf(found[i], figure) }
		ratio := func(figure func(measured) float64) float64 {
			var ratios []float64
			for round, m := range found[i] {
				ratios = append(ratios, figure(m)/figure(found[0][round]))
			}
			return middle(ratios)
		}
		fmt.Fprintf(w, "%s\t%.2f ms\t%.2f ms\t%.2f\t%.2f\t%.0f\t%.0f µs\t%.0f µs\t%.2f\n", way.name, of(p50)/1e6, of(p99)/1e6, ratio(p50), ratio(p99),
			of(func(m measured) float64 { return m.rate }), of(front)/1e3, of(func(m measured) float64 { return float64(m.other) })/1e3, ratio(sum))
	}
	_ = w.Flush() // into memory
	return b.String()
}

func p50(m measured) float64   { return float64(m.p50) }
func p99(m measured) float64   { return float64(m.p99) }
func front(m measured) float64 { return float64(m.front) }
func sum(m measured) float64   { return float64(m.front + m.other) }

func medianOf(found []measured, figure func(measured) float64) float64 {
	var all []float64
	for _, m := range found {
		all = append(all, figure(m))
	}
	return middle(all)
}

func middle[T cmp.Ordered](all []T) T {
	slices.Sort(all)
	return all[len(all)/2]
}
