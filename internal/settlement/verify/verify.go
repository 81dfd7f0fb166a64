package verify

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// Options are what to verify and what is known of what it should be. Only Path is needed.
type Options struct {
	Path      string
	UnitID    string   // whose report it should be; "" for that of any firm
	VendorIDs []string // that a line may have; none takes the first line's
	Calendar  Calendar // of the trading days; nil leaves the start of the window open

	// Versions are the key versions that something is known of.
	Versions []Version
	// Complete says that the report may have no others, nor these beyond their life.
	Complete bool

	TempDir  string           // for finding repeats; "" is the system's
	Now      time.Time        // that the report is dated with, and that tells whether its window has closed
	Progress func(read int64) // called now and then with the bytes read; may be nil
}

// rules is what the workers hold lines to. Only the counters in it change.
type rules struct {
	versions []*version
	complete bool
	keyed    bool // there is a test key
	window   Window
}

func newRules(o *Options, win Window) *rules {
	r := &rules{complete: o.Complete, window: win}
	for _, v := range o.Versions {
		r.versions = append(r.versions, &version{Version: v, foreign: o.Complete && !v.validIn(win)})
		r.keyed = r.keyed || v.Decrypter != nil
	}
	return r
}

func (r *rules) unknownVersion(name string) *version {
	return &version{Version: Version{Name: name}, foreign: r.complete, unnamed: !r.complete}
}

// validIn reports whether the version is valid at some instant of the window.
func (v *Version) validIn(win Window) bool {
	return (win.End.IsZero() || v.NotBefore.Before(win.End)) &&
		(win.Start.IsZero() || v.NotAfter.IsZero() || win.Start.Before(v.NotAfter))
}

func (r *rules) versionsWithKeys() string {
	var with []string
	for _, v := range r.versions {
		if v.Decrypter != nil {
			with = append(with, v.Name)
		}
	}
	return strings.Join(with, ", ")
}

// Verify reads a report and judges it. The error says that it could not be judged: the file
// or the temporary folder cannot be used, ctx ended, or a *KeyError. Faults of the report
// are in the Report.
func Verify(ctx context.Context, o Options) (*Report, error) {
	r, err := verify(ctx, &o)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	return r, nil
}

func verify(ctx context.Context, o *Options) (_ *Report, err error) {
	file, err := openWatched(o.Path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var found findings
	n, win := judgeName(o, &found)
	run := &run{
		o: o, rules: newRules(o, win), chunker: newChunker(file), vendors: expectedVendors(o),
		repeats: newRepeats(o.TempDir, file.before.Size()),
	}
	defer func() { err = errors.Join(err, run.repeats.close()) }()
	all, err := run.judge(ctx)
	if err != nil {
		return nil, err
	}
	if err := file.judge(run.chunker.bytes, &found); err != nil {
		return nil, err
	}
	if run.chunker.lines == 0 {
		found.add(FileEmpty, 0, "")
	}
	if err := judgeManifest(o.Path, run.chunker, &found); err != nil {
		return nil, err
	}
	judgeWindow(o, win, &found)
	names := slices.Sorted(maps.Keys(all.shares.versions.of))
	if err := run.rules.checkKeys(&found, names); err != nil {
		return nil, err
	}
	found.merge(&all.found)
	from, err := run.repeats.find(ctx, &found)
	if err != nil {
		return nil, err
	}
	b := builder{found: &found, shares: &all.shares, addresses: from, rules: run.rules, options: o}
	return b.build(File{
		Path: o.Path, Unit: n.unit, Day: dayText(n.day), WindowStart: timeText(win.Start), WindowEnd: timeText(win.End),
		Bytes: run.chunker.bytes, SHA256: hex.EncodeToString(run.chunker.sum.Sum(nil)), VendorID: strings.Join(run.vendors, ", "),
	}), nil
}

// run is one reading of the file: a chunker that feeds the workers.
type run struct {
	o       *Options
	rules   *rules
	chunker *chunker
	repeats *repeats
	vendors []string // none until a line has told
}

// judge reads the whole file and returns what the workers found together.
func (r *run) judge(ctx context.Context) (*worker, error) {
	g, ctx := errgroup.WithContext(ctx)
	n := runtime.GOMAXPROCS(0)
	chunks := make(chan chunk, n)
	// Buffers go round: what is read waits until a worker is done with an old one.
	free := make(chan []byte, 2*n+1)
	for range cap(free) {
		free <- make([]byte, chunkBytes)
	}
	g.Go(func() error {
		defer close(chunks)
		return r.read(ctx, free, chunks)
	})
	workers := make([]*worker, n)
	for i := range workers {
		w := newWorker(r.rules, r.repeats)
		workers[i] = w
		g.Go(func() error {
			for ch := range chunks {
				if err := w.work(ctx, ch); err != nil {
					return err
				}
				free <- ch.data[:chunkBytes] // there is room: no goroutine makes new ones
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for _, w := range workers[1:] {
		workers[0].merge(w)
	}
	return workers[0], nil
}

func (r *run) read(ctx context.Context, free <-chan []byte, chunks chan<- chunk) error {
	for {
		var buf []byte
		select {
		case buf = <-free:
		case <-ctx.Done():
			return ctx.Err()
		}
		ch, err := r.chunker.next(buf)
		if errors.Is(err, io.EOF) {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		if v := firstVendor(ch.data); len(r.vendors) == 0 && v != "" {
			r.vendors = []string{v}
		}
		ch.vendors = r.vendors
		select {
		case chunks <- ch:
		case <-ctx.Done():
			return ctx.Err()
		}
		if r.o.Progress != nil {
			r.o.Progress(r.chunker.bytes)
		}
	}
}
