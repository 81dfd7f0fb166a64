package daemon

import (
	"slices"
	"testing"

	"github.com/tradefront/tradefront/internal/config"
)

// TestAgentSaysWhatItsReloadLeavesOut: the agent takes over what its front takes over, and names each other key of limits as in need of a restart.
func TestAgentSaysWhatItsReloadLeavesOut(t *testing.T) {
	for path, change := range map[string]func(*config.Agent){
		"limits.pending_frames":   func(c *config.Agent) { c.Limits.PendingFrames++ },
		"limits.body_before_auth": func(c *config.Agent) { c.Limits.BodyBeforeAuth++ },
		"limits.seen_terminals":   func(c *config.Agent) { c.Limits.SeenTerminals++ },
		"timers.login":            func(c *config.Agent) { c.Timers.Login++ },
	} {
		var was, next config.Agent
		change(&next)
		next.Limits.Refusals, next.Limits.Penalties.Malformed, next.LogLevel = 5, 7, 1
		if got := was.NeedRestart(&next, ReloadsAgent); !slices.Equal(got, []string{path}) {
			t.Errorf("%s: in need of a restart %v", path, got)
		}
	}
	var was, next config.Agent
	next.Limits.Connections = 9
	if got := was.NeedRestart(&next, ReloadsAgent); len(got) > 0 {
		t.Errorf("in need of a restart %v, and front.SetLimits takes all of it", got)
	}
}
