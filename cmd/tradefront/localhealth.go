package main

import (
	"context"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/store"
)

// localProbePeriod is how often a local store that failed is tried again: a front that is
// not ready gets no logins, and would not learn that there is room again.
const localProbePeriod = 5 * time.Second

// localHealth remembers whether the local store takes commits.
type localHealth struct {
	mu  sync.Mutex
	err error // of the last commit
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
	if err := h.trouble(); err != nil {
		return false, "the local store takes no commits, logins are answered 90: " + err.Error()
	}
	return true, "takes commits"
}

// probe tries a store that failed.
func (h *localHealth) probe(local *store.Local) func(context.Context) {
	return func(ctx context.Context) {
		if h.trouble() != nil {
			h.note(local.Probe(ctx))
		}
	}
}
