package collect

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Options change what Collect reads. The zero value is what a terminal wants.
type Options struct {
	// Root is a folder to read in place of the machine, for fixtures: every file is read below it, and the file "calls" in it
	// has what system calls would return (docs/collector.md). "" is the machine itself. Linux only.
	Root string

	// KernelRelease takes the kernel's release for 操作系统版本, as older libraries do, in place of the distribution's (4.1).
	KernelRelease bool

	// DeviceNameMax and OSVersionMax are maxima in bytes below those of the table, for a front that wants shorter ones; 0 for the table's.
	DeviceNameMax, OSVersionMax int
}

// ErrUnsupported means that this package has no collector for the operating system.
var ErrUnsupported = errors.New("collect: no collector for this operating system; there are those of Linux, Windows and Mac OS")

// Collect reads the machine. The error is the context's, ErrUnsupported, or a fault of this package; what the machine
// lacks, or hides, is in the Result.
func Collect(ctx context.Context, o Options) (r *Result, err error) {
	// A library must not end its host: no content of a machine's tables may do that.
	defer func() {
		if p := recover(); p != nil {
			r, err = nil, fmt.Errorf("collect: internal fault: %v", p)
		}
	}()
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("collect: %w", err)
	}
	m, err := newMachine(&o)
	if err != nil {
		return nil, err
	}
	defer m.close()
	found, err := m.read(ctx)
	if err != nil {
		return nil, fmt.Errorf("collect: %w", err)
	}
	return judge(&found, &o), nil
}

// reading is what a machine told: the findings by indicator, and what it is.
type reading struct {
	at      time.Time
	kind    byte // a regulation.TerminalType
	env     Environment
	finding map[indicator]finding
}

// finding is what the sources of one item had.
type finding struct {
	value  string
	source string // where the value is from; of a missing one, where it was looked for
	state  State  // 0 where the value decides
}
