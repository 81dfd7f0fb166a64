package daemon

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/ops"
)

// TestGoroutines: they are counted by place, which costs the front no stack of each.
func TestGoroutines(t *testing.T) {
	text, err := goroutines(t.Context())
	if err != nil || !strings.HasPrefix(string(text), "goroutine profile: total ") || !strings.Contains(string(text), "testing.tRunner") {
		t.Errorf("%v, %.200s", err, text)
	}
}

// TestTracing: a second trace beside one that is being recorded is refused.
func TestTracing(t *testing.T) {
	tr := tracing{takes: 10 * time.Millisecond}
	tr.mu.Lock()
	_, err := tr.record(t.Context())
	if refusal, is := errors.AsType[*ops.Refusal](err); !is || refusal.Status != http.StatusConflict {
		t.Error(err)
	}
	tr.mu.Unlock()
	trace, err := tr.record(t.Context())
	if err != nil || !strings.HasPrefix(string(trace), "go 1.") {
		t.Errorf("%v, %.20q", err, trace)
	}
}
