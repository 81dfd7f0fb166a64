package daemon

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/internal/store"
)

// localProbePeriod is how often it is looked whether the local store takes commits: a front that is
// not ready gets no logins, and would not learn that it does again; and one that has no logins would
// not learn that it does not.
const localProbePeriod = time.Second

// localHealth remembers whether the local store takes commits.
type localHealth struct {
	heldUp func() error // another process keeps the writer waiting; nil before the store is open
	lasts  concern
	mu     sync.Mutex
	err    error // of the last commit or probe
}

func (h *localHealth) note(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err = err
}

func (h *localHealth) trouble() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}

// check is for the readiness page.
func (h *localHealth) check() (bool, string) {
	err := h.trouble()
	if err == nil && h.heldUp != nil {
		err = h.heldUp()
	}
	if err != nil {
		return false, "the local store takes no commits, logins are answered 90: " + err.Error()
	}
	return true, "takes commits"
}

// probe tries a store that failed, and looks whether one that did not can be reached.
func (h *localHealth) probe(local *store.Local, logger *zap.Logger) func(context.Context) {
	return func(ctx context.Context) {
		was := h.trouble()
		if was != nil {
			h.note(local.Probe(ctx))
		} else if err := local.Reach(ctx); err != nil && !full(err) {
			h.note(err)
		}
		if ctx.Err() == nil {
			h.log(logger, h.trouble())
		}
	}
}

func (h *localHealth) log(logger *zap.Logger, err error) {
	h.lasts.note(logger, time.Now(), err, &stateLines{
		level: zapcore.ErrorLevel, began: "the local store takes no commits: logins are answered 90 until it does",
		ended: "the local store takes commits again",
	})
}

// full: many logins at once are not a store that takes none.
func full(err error) bool {
	_, locked := errors.AsType[*store.LockedError](err)
	return errors.Is(err, store.ErrOverloaded) && !locked
}
