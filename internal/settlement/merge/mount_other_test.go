//go:build !linux

package merge

import "errors"

func mountSmall(string) error { return errors.ErrUnsupported }
func unmount(string) error    { return errors.ErrUnsupported }
