//go:build !unix

package link

import "errors"

// writesOnce is false: the writer goroutine writes all.
const writesOnce = false

func writeOnce(uintptr, []byte) (int, error) { return 0, errors.ErrUnsupported }
