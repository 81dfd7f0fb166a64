package daemon

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

const (
	fillPeriod   = time.Second     // how often it is looked how full the local store is
	fillPatience = 5 * time.Second // how long one look may take
)

// fill remembers how full the local store was when that was last known.
type fill struct {
	mu   sync.Mutex
	last store.Fill
	err  error // of the last look
}

func (f *fill) get() (store.Fill, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last, f.err
}

// set keeps a look, and reports whether refusing began or ended with it, or its error is news.
func (f *fill) set(now store.Fill, err error) (turned, failed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	failed = err != nil && f.err == nil
	f.err = err
	turned = (f.last.Full == nil) != (now.Full == nil)
	if now.Measures == nil && err != nil { // the store could not be looked into: what is known of it stays
		f.last.Full, f.last.Free = now.Full, now.Free
		return turned, failed
	}
	f.last = now
	return turned, failed
}

// measure looks how full the local store is; it is what lets the store refuse at a bound.
func (d *Daemon) measure(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, fillPatience)
	defer cancel()
	now, err := d.local.Measure(ctx, time.Now())
	turned, failed := d.fill.set(now, err)
	if failed {
		d.logger.Error("the local store cannot be looked into, or its log not be folded; tried again each second", zap.Error(err))
	}
	switch {
	case turned && now.Full != nil:
		d.logger.Error("the local store has reached a bound: logins are answered 90 until it is left by a tenth",
			zap.Stringer("bound", now.Full))
	case turned:
		d.logger.Warn("the local store is behind its bounds again: logins are taken")
	}
}

// check is the line of /readyz that goes before a bound is reached; at it, the front is not ready.
func (f *fill) check() (bool, string) {
	last, err := f.get()
	var near []string
	for _, m := range last.Measures {
		if m.Near() {
			near = append(near, m.String())
		}
	}
	if len(near) > 0 {
		return false, "near a bound, at which logins are answered 90: " + strings.Join(near, "; ")
	}
	if err != nil {
		return false, "the last look failed: " + err.Error()
	}
	return true, fmt.Sprintf("%s, log %s; %d records; %s free on its disk", show.Size(last.Bytes), show.Size(last.Log), last.Rows, show.Size(last.Free))
}

// notFull is the required line: appends are taken. It asks what Append looks at.
func (d *Daemon) notFull() (bool, string) {
	if full := d.local.Full(); full != nil {
		return false, "logins are answered 90 until this is left by a tenth: " + full.String()
	}
	return true, "within its bounds"
}

// ratios are how near each bound is, by its name.
func (f *fill) ratios() map[string]float64 {
	last, _ := f.get()
	ratios := make(map[string]float64)
	for _, m := range last.Measures {
		ratios[m.Bound] = m.Ratio
	}
	return ratios
}

func (f *fill) bytes() float64 {
	last, _ := f.get()
	return float64(last.Bytes)
}

func (f *fill) logBytes() float64 {
	last, _ := f.get()
	return float64(last.Log)
}

func (f *fill) rows() float64 {
	last, _ := f.get()
	return float64(last.Rows)
}
