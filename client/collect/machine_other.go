//go:build !linux && !windows && !darwin

package collect

import "context"

type machine struct{}

func newMachine(*Options) (*machine, error) { return nil, ErrUnsupported }

func (*machine) close() {}

func (*machine) read(context.Context) (reading, error) { return reading{}, ErrUnsupported }
