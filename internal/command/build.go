package command

import (
	"cmp"
	"runtime"
	"runtime/debug"

	"github.com/tradefront/tradefront/internal/ops"
)

// Build is what this program was built from, as `version` prints it.
func (e *Env) Build() ops.Build {
	b := ops.Build{Version: e.Version, Commit: cmp.Or(e.Commit, "unknown"), Go: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok && e.Commit == "" {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				b.Commit = s.Value
			}
		}
	}
	return b
}
