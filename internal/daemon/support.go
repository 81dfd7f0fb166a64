package daemon

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/ops"
)

const (
	// tracedFor is how long a trace for a support bundle is recorded.
	tracedFor = 3 * time.Second
	// maxTrace bounds the recorder's memory, in bytes: under load it holds less than tracedFor.
	maxTrace = 8 << 20
)

// serveSupport adds what `support-bundle` asks of a running front.
func (d *Daemon) serveSupport() {
	d.admin.Download("support/goroutines", "POST: what the goroutines do, counted by place", goroutines)
	d.admin.Download("support/heap", "POST: which places of the program hold memory", heap)
	d.admin.Download("support/trace", "POST: an execution trace of some seconds", (&tracing{takes: cmp.Or(d.traced, tracedFor)}).record)
	d.admin.Download("support/log", "POST: the last lines of the application log", func(context.Context) ([]byte, error) {
		if d.logOut == nil {
			return nil, &ops.Refusal{Status: http.StatusNotFound, Problem: "this front keeps no lines of its log"}
		}
		return d.logOut.Recent(), nil
	})
}

// goroutines counts them by place: the stack of each would stop the front for as long as it takes to write them.
func goroutines(context.Context) ([]byte, error) {
	var b bytes.Buffer
	err := pprof.Lookup("goroutine").WriteTo(&b, 1)
	return b.Bytes(), err
}

// heap tells how many bytes each place of the program holds: stacks and sizes, and nothing of what is in the memory.
func heap(context.Context) ([]byte, error) {
	var b bytes.Buffer
	err := pprof.Lookup("heap").WriteTo(&b, 0)
	return b.Bytes(), err
}

// tracing records one trace at a time, and none while it is not asked: an execution trace has a cost for each switch of
// goroutines, of which a front has many.
type tracing struct {
	takes time.Duration
	mu    sync.Mutex
}

func (t *tracing) record(ctx context.Context) ([]byte, error) {
	if !t.mu.TryLock() {
		return nil, &ops.Refusal{Status: http.StatusConflict, Problem: "another trace is being recorded"}
	}
	defer t.mu.Unlock()
	recorder := trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: t.takes, MaxBytes: maxTrace})
	if err := recorder.Start(); err != nil {
		return nil, err
	}
	defer recorder.Stop()
	timer := time.NewTimer(t.takes)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var b bytes.Buffer
	if _, err := recorder.WriteTo(&b); err != nil {
		return nil, err
	}
	if b.Len() == 0 {
		return nil, errors.New("the recorder has nothing")
	}
	return b.Bytes(), nil
}
