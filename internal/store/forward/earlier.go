package forward

import (
	"context"
	"time"

	"github.com/tradefront/tradefront/internal/store"
)

const (
	// earlierPatience is how long the answer to a submission that was sent again waits for what PostgreSQL has of it.
	earlierPatience = 500 * time.Millisecond
	// earlierAsks is how many such questions are on their way at once, so that a relay that sends all its terminals again
	// leaves the forwarder its connections.
	earlierAsks = 2
)

// earlier asks PostgreSQL for a submission; nil if it does not have it, is away, or does not answer soon.
func (f *Forwarder) earlier(ctx context.Context, rec *store.Record) *store.Earlier {
	if f.LastError() != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, earlierPatience)
	defer cancel()
	select {
	case f.asking <- struct{}{}:
		defer func() { <-f.asking }()
	case <-ctx.Done():
		return nil
	}
	there, err := f.dest.Earlier(ctx, rec)
	if err != nil {
		return nil
	}
	return there
}
