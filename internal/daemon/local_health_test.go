package daemon

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/store"
)

// A store that failed makes the front not ready until a probe shows that it works again.
func TestLocalHealth(t *testing.T) {
	local, err := store.OpenLocal(t.Context(), filepath.Join(t.TempDir(), "local.db"), store.LocalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var h localHealth
	if ready, _ := h.check(); !ready {
		t.Error("not ready at the start")
	}
	h.note(store.ErrDiskFull)
	if ready, reason := h.check(); ready || !strings.Contains(reason, "disk full") {
		t.Errorf("after a failed commit: %v, %s", ready, reason)
	}
	h.probe(context.Background(), local, zap.NewNop())
	if ready, reason := h.check(); !ready {
		t.Errorf("after a good probe: %s", reason)
	}
	if err := local.Close(); err != nil {
		t.Fatal(err)
	}
	h.note(store.ErrDiskFull)
	h.probe(context.Background(), local, zap.NewNop())
	if err := h.trouble(); !errors.Is(err, store.ErrClosed) {
		t.Errorf("after a failed probe: %v", err)
	}
}
