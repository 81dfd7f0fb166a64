package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/tradefront/tradefront/internal/store/forward"
)

// Within is the test's context with Patience as its deadline.
func Within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	t.Cleanup(cancel)
	return ctx
}

// Drain waits until f has forwarded everything, or fails the test.
func Drain(t *testing.T, f *forward.Forwarder) {
	t.Helper()
	if err := f.Drain(Within(t)); err != nil {
		t.Fatalf("Drain: %v, last error %v", err, f.LastError())
	}
}

// Unhealthy waits until f knows that PostgreSQL takes no records.
func Unhealthy(t *testing.T, f *forward.Forwarder) {
	t.Helper()
	Eventually(t, func() error {
		if f.Healthy() {
			return errors.New("healthy without PostgreSQL")
		}
		return nil
	})
}
