package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/tradefront/tradefront/internal/store/forward"
)

func Within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	t.Cleanup(cancel)
	return ctx
}

func Drain(t *testing.T, f *forward.Forwarder) {
	t.Helper()
	if err := f.Drain(Within(t)); err != nil {
		t.Fatalf("Drain: %v, last error %v", err, f.LastError())
	}
}

func Unhealthy(t *testing.T, f *forward.Forwarder) {
	t.Helper()
	Eventually(t, func() error {
		if f.Healthy() {
			return errors.New("healthy without PostgreSQL")
		}
		return nil
	})
}
