package client

import (
	"context"
	"fmt"
)

// answer is what the reader copies out of its buffer for the call that waits.
type answer struct {
	refusal   *Error
	challenge Challenge
	auth      AuthResult
	login     LoginResult
}

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
	// A call that gave up has ended the connection, and its answer may still be in c.answers.
	if err := c.Err(); err != nil {
		c.turn <- struct{}{}
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() {
		c.end(fmt.Errorf("client: call given up: %w", context.Cause(ctx)))
	})
	return func() {
		stop()
		c.turn <- struct{}{}
	}, nil
}

// exchange sends the frame of a request and waits for its answer. It returns *Error if the front
// refused. Errors of request are returned before anything is sent.
func (c *Conn) exchange(request func(*Machine) ([]byte, error)) (answer, error) {
	c.wmu.Lock() // a change of the password has a number: numbers are given and written in one order
	c.mu.Lock()
	frame, err := request(&c.machine)
	c.mu.Unlock()
	if err != nil {
		c.wmu.Unlock()
		return answer{}, err
	}
	_, err = c.conn.Write(frame)
	c.wmu.Unlock()
	clear(frame) // it may contain a password
	err = c.wrote(err)
	if err != nil {
		return c.lateAnswer(err)
	}
	select {
	case a := <-c.answers:
		return a.judged()
	case <-c.done:
		return c.lateAnswer(c.Err())
	}
}

// lateAnswer is for a connection that has ended: what the front answered before it closed, a 63
// for example, has more information than that it closed.
func (c *Conn) lateAnswer(ended error) (answer, error) {
	select {
	case a := <-c.answers:
		return a.judged()
	default:
		return answer{}, ended
	}
}

func (a answer) judged() (answer, error) {
	if a.refusal != nil {
		return answer{}, a.refusal
	}
	return a, nil
}
