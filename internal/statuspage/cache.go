package statuspage

import (
	"context"
	"time"
)

// Cache asks for Shared at most once in a period, however many readers there are. One reader asks, and waits no longer
// than the patience; those who come meanwhile wait for its answer. Make it with NewCache.
type Cache struct {
	ask              func(context.Context) (Shared, error)
	period, patience time.Duration
	now              func() time.Time

	turn  chan struct{} // held by the one reader who looks, or asks
	last  Shared
	tried time.Time // the last question
}

// NewCache has no answer yet.
func NewCache(ask func(context.Context) (Shared, error), period, patience time.Duration, now func() time.Time) *Cache {
	return &Cache{ask: ask, period: period, patience: patience, now: now, turn: make(chan struct{}, 1)}
}

// Get is the last answer, or a new one if it is older than the period. After an error the answer before it stays, with
// the error beside it, and the next question is asked after the period too.
func (c *Cache) Get(ctx context.Context) Shared {
	c.turn <- struct{}{}
	defer func() { <-c.turn }()
	if age := c.now().Sub(c.tried); !c.tried.IsZero() && age >= 0 && age < c.period {
		return c.last
	}
	// One reader who goes away must not spoil the answer of the others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.patience)
	defer cancel()
	next, err := c.ask(ctx)
	c.tried = c.now()
	if err != nil {
		c.last.Err = err.Error()
		return c.last
	}
	next.Asked, next.Err = c.tried, ""
	c.last = next
	return c.last
}
