package daemon

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
)

// localProbePeriod is how often the front tries whether the local store takes commits: a front that is
// not ready gets no logins, and would not learn that it does again; and one that has no logins would
// not learn that it does not.
const localProbePeriod = time.Second

// localPatience is how long a probe of the local store may take. It is far above the wait for a lock
// that another process holds, which is told apart, and below timers.login_work as it is by default:
// a load balancer sends logins to other fronts before they meet their deadline here.
const localPatience = 10 * time.Second

// watchLocalHealth tells whether the local store takes commits.
func (d *Daemon) watchLocalHealth() watcher {
	return watcher{
		period: localProbePeriod, look: func(ctx context.Context) { d.localHealth.probe(ctx, d.path.Journal, d.logger) },
		checks: []check{{"local_store", ops.Required, d.localHealth.check}},
	}
}

// localHealth remembers whether the local store takes commits.
type localHealth struct {
	heldUp func() error // another process keeps the writer waiting; nil before the store is open
	state  stateLog
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
func (h *localHealth) probe(ctx context.Context, local *journal.Journal, logger *zap.Logger) {
	within, cancel := context.WithTimeout(ctx, localPatience)
	defer cancel()
	if h.trouble() != nil {
		h.note(hung(local.Probe(within)))
	} else if err := hung(local.Reach(within)); err != nil && !overloaded(err) {
		h.note(err)
	}
	if ctx.Err() == nil {
		h.log(logger, h.trouble())
	}
}

func (h *localHealth) log(logger *zap.Logger, err error) {
	h.state.logOnChange(logger, time.Now(), err, &stateLines{
		level: zapcore.ErrorLevel, began: "the local store takes no commits: logins are answered 90 until it does",
		ended: "the local store takes commits again",
	})
}

// hung names what a probe means that did not return in time.
func hung(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("a commit has not returned for %v, look whether the disk hangs: %w", localPatience, err)
	}
	return err
}

// overloaded: many logins at once are not a store that takes none.
func overloaded(err error) bool {
	_, locked := errors.AsType[*journal.LockedError](err)
	return errors.Is(err, store.ErrOverloaded) && !locked
}
