package proof

import (
	"context"
	"errors"
	"fmt"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/extsort"
	"github.com/tradefront/tradefront/internal/loadtest/result"
	"github.com/tradefront/tradefront/internal/store"
)

const (
	// sortMemory is how many bytes each of the two sorts keeps in memory.
	sortMemory = 16 << 20
	// DefaultLimit is Options.Limit where it is 0.
	DefaultLimit = 10
	// maxDays bounds the trading days of the answers: a load test has one, or two.
	maxDays = 64
	// step is how many lines or rows lie between two looks at the context and two calls of a progress function.
	step = 4096
)

// ErrNothing is the end of a comparison of nothing, which proves nothing.
var ErrNothing = errors.New("the answers files have no answer: nothing to compare")

// Decrypter opens ciphertexts with a test key, from several goroutines at once.
type Decrypter interface {
	Decrypt(ciphertext []byte) ([]byte, error)
}

// Records is a store: store.Store is one.
type Records interface {
	// Scan calls f for each record of the day; see store.Store.
	Scan(ctx context.Context, day calendar.TradingDay, f func(*store.Record) error) error
}

// Options are what to compare.
type Options struct {
	Answers []string             // files that `loadtest run --answers` wrote
	Records Records              // the store that the report reads
	Local   Records              // the front's local store, where its records are forwarded to Records; else nil
	Keys    map[string]Decrypter // test keys by their version; none opens nothing
	Exact   bool                 // nothing else may be stored on the days of the answers
	TempDir string               // "" is the system's
	Limit   int                  // differences of each kind that are kept

	ReadingAnswers func(done, total int64) // bytes; these two may be nil
	ReadingStore   func(done, total int64) // rows, of an unknown total
}

// Run compares. Differences are no error: an error means that there was no comparison.
func Run(ctx context.Context, o Options) (*result.Proof, error) {
	if o.Limit == 0 {
		o.Limit = DefaultLimit
	}
	if err := extsort.CheckFolder(o.TempDir); err != nil {
		return nil, err
	}
	r := &run{
		opt: o, days: map[calendar.TradingDay]bool{}, byID: extsort.New(o.TempDir, sortMemory), byText: extsort.New(o.TempDir, sortMemory),
		found: &result.Proof{Days: []string{}, Kinds: []result.ProofCount{}, First: []result.Discrepancy{}},
	}
	defer func() { _ = errors.Join(r.byID.Close(), r.byText.Close()) }() // their files go with us in any case
	for _, do := range []func(context.Context) error{r.readAnswers, r.readStores, r.compare, r.findDoubles} {
		if err := do(ctx); err != nil {
			return nil, fmt.Errorf("answered and stored: %w", err)
		}
	}
	return r.found, nil
}

// run is one comparison on its way.
type run struct {
	opt    Options
	days   map[calendar.TradingDay]bool // of the answers
	byID   *extsort.Sorter              // entries by RecordID
	byText *extsort.Sorter              // entries by the terminal's ciphertext
	found  *result.Proof
	place  []byte // reused for entries on their way into a sorter
}

func (r *run) add(e *entry) error {
	r.place = e.append(r.place[:0])
	return r.byID.Add(r.place)
}

// look reports progress, and ends the work when ctx has ended.
func look(ctx context.Context, tell func(done, total int64), done, total int64) error {
	if tell != nil {
		tell(done, total)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
