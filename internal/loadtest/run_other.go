//go:build !linux

package loadtest

import (
	"context"
	"errors"
)

// Run needs Linux: the loop is epoll's.
func Run(context.Context, *Plan, *Ciphertexts, Hooks) (*Outcome, error) {
	return nil, errors.New("load test: the generator runs on Linux only")
}
