package client

import (
	"context"
	"fmt"

	"github.com/tradefront/tradefront/internal/ftd"
)

// acquire waits for this call's turn. A context that ends after that closes the
// connection, until release is called.
func (c *Conn) acquire(ctx context.Context) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("client: %w", context.Cause(ctx))
	}
	select {
	case <-c.turn:
	case <-c.done:
		return nil, c.Err()
	case <-ctx.Done():
		return nil, fmt.Errorf("client: %w", context.Cause(ctx))
	}
	stop := context.AfterFunc(ctx, func() {
		c.end(fmt.Errorf("client: call given up: %w", context.Cause(ctx)))
	})
	return func() {
		stop()
		c.turn <- struct{}{}
	}, nil
}

// exchange sends the frame of e and waits for its answer. It returns the message if that
// says success or nothing about success, *Error if it says no. Errors of e are returned
// before anything is sent.
func (c *Conn) exchange(tid ftd.TID, e *ftd.Encoder) (ftd.Message, error) {
	frame, err := e.End()
	if err != nil {
		return ftd.Message{}, fmt.Errorf("client: %w", err)
	}
	c.setWaiting(true)
	err = c.write(frame)
	clear(frame) // it may hold a password
	if err != nil {
		return c.lateAnswer(tid, err)
	}
	select {
	case m := <-c.answers:
		return c.judge(tid, m)
	case <-c.done:
		return c.lateAnswer(tid, c.Err())
	}
}

// lateAnswer is for a connection that has ended: what the front said before it closed, a
// 63 for example, tells more than that it closed.
func (c *Conn) lateAnswer(tid ftd.TID, ended error) (ftd.Message, error) {
	select {
	case m := <-c.answers:
		return c.judge(tid, m)
	default:
		return ftd.Message{}, ended
	}
}

func (c *Conn) setWaiting(w bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = w
}

// judge looks at an answer as far as all answers are alike.
func (c *Conn) judge(tid ftd.TID, m ftd.Message) (ftd.Message, error) {
	if m.TID != tid && m.TID != ftd.TIDError {
		return ftd.Message{}, c.violated(&ViolationError{Cause: fmt.Errorf("%v in answer to %v", m.TID, tid)})
	}
	if _, ok := m.Field(ftd.FIDError); !ok && m.TID != ftd.TIDError {
		return m, nil
	}
	var f ftd.Error
	if err := require(m, ftd.FIDError, &f); err != nil {
		return ftd.Message{}, c.violated(err)
	}
	if f.Code != 0 {
		return ftd.Message{}, newError(&f)
	}
	return m, nil
}

// violated ends the connection because of err, and returns it.
func (c *Conn) violated(err error) error {
	c.end(err)
	return err
}
