//go:build !linux

package loadtest

import (
	"context"
	"errors"

	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// Run needs Linux: the loop is epoll's.
func Run(context.Context, *Plan, *Ciphertexts, Hooks) (*result.Result, error) {
	return nil, errors.New("load test: the generator runs on Linux only")
}
