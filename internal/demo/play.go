package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// visitPatience bounds one visit; it normally takes milliseconds.
const visitPatience = 30 * time.Second

// seedStream parts the random numbers of the visits from others with the same seed.
const seedStream = 2016

// deskSeed is that of the operator relay's machine: no visit has it.
const deskSeed = 1 << 63

// Tally is what came of all visits.
type Tally struct {
	Visits  int
	Took    time.Duration
	Answers []*Was
	Codes   map[int]int    // visits by the code of the last answer
	Logins  map[int]int    // of them, those that had logged in: a visit that then logs in again ends with 5
	Kinds   map[string]int // how often each sort of visitor came
	Latency *hdrhistogram.Histogram
	Orders  *hdrhistogram.Histogram // from an accepted order to its answer
	Fills   int                     // that terminals saw of these orders before they logged out
	// Surprises are visits that ended as they must not, with descriptions of a few.
	Surprises int
	Examples  []string
}

const maxExamples = 5

// Play sends n visits to the front, at most crowd at once. progress is called with how many are
// over. The error is a visit that could not be made, for example because the front is
// gone; what was answered until then is in the tally, the operator relay's own logins of a firm with relays too.
func Play(ctx context.Context, firm *Firm, n, crowd int, progress func(done int64)) (*Tally, error) {
	t := &Tally{
		Codes: map[int]int{}, Logins: map[int]int{}, Kinds: map[string]int{},
		Latency: newHistogram(), Orders: newHistogram(),
	}
	if firm.Relays == nil {
		return t, t.play(ctx, firm, nil, n, crowd, progress)
	}
	opening, cancel := context.WithTimeout(ctx, visitPatience)
	defer cancel()
	d, err := openDesk(opening, firm)
	if err != nil {
		return t, err
	}
	err = t.play(ctx, firm, d, n, crowd, progress)
	closing, cancelClosing := context.WithTimeout(context.WithoutCancel(ctx), visitPatience)
	defer cancelClosing()
	logins, closed := d.close(closing)
	t.Add(logins)
	return t, errors.Join(err, closed)
}

// play sends the visits; d is the operator relay that reports some of them, or nil.
func (t *Tally) play(ctx context.Context, firm *Firm, d *desk, n, crowd int, progress func(done int64)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		next atomic.Int64
		mu   sync.Mutex
		wg   sync.WaitGroup
	)
	begin := time.Now()
	for range crowd {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n) && ctx.Err() == nil; i = next.Add(1) - 1 {
				v, err := visit(ctx, firm, d, uint64(i))
				mu.Lock()
				t.note(v, err)
				progress(int64(t.Visits))
				mu.Unlock()
				if _, failed := codeOf(err); failed != nil {
					cancel(fmt.Errorf("visit %d (%s): %w", i, v.kind.name, failed))
				}
			}
		})
	}
	wg.Wait()
	t.Took = time.Since(begin)
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return ctx.Err()
}

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, int64(visitPatience/time.Microsecond), 3)
}

func newRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seedStream)) }

// visit is the i-th one: the same i is the same sort of visitor with the same machine.
func visit(ctx context.Context, firm *Firm, d *desk, i uint64) (*visitor, error) {
	ctx, cancel := context.WithTimeout(ctx, visitPatience)
	defer cancel()
	random := newRandom(i)
	v := &visitor{
		firm: firm, desk: d, kind: pick(random), random: random,
		app:     firm.Apps[random.IntN(len(firm.Apps))],
		account: firm.Accounts[random.IntN(len(firm.Accounts))],
		inbox:   newInbox(fmt.Sprint("visit ", i)),
	}
	err := v.kind.play(ctx, v)
	if v.conn != nil {
		_ = v.conn.Close()
	}
	return v, err
}

// Add counts visits that were made beside Play, each with one answered login at its end.
func (t *Tally) Add(answers []*Was) {
	t.Visits += len(answers)
	t.Codes[0] += len(answers)
	t.Logins[0] += len(answers)
	t.Answers = append(t.Answers, answers...)
}

func (t *Tally) note(v *visitor, err error) {
	t.Visits++
	t.Kinds[v.kind.name]++
	t.Answers = append(t.Answers, v.answers...)
	if v.answer > 0 {
		_ = t.Latency.RecordValue(v.answer.Microseconds()) // in range: visits are bounded
	}
	if v.ordered {
		_ = t.Orders.RecordValue(v.orderTook.Microseconds())
		t.Fills += int(v.inbox.own.Load())
	}
	code, failed := codeOf(err)
	if failed != nil {
		return
	}
	t.Codes[code]++
	if len(v.answers) > 0 {
		t.Logins[code]++
	}
	if code != v.kind.code {
		t.Surprises++
		if len(t.Examples) < maxExamples {
			t.Examples = append(t.Examples, fmt.Sprintf("%s: the front's last word was %d, not %d: %v", v.kind.name, code, v.kind.code, err))
		}
	}
}
