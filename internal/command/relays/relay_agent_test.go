package relays

import (
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/show"
)

// TestRelayStatusInChinese: what the agent says of its fronts is in the reader's language.
func TestRelayStatusInChinese(t *testing.T) {
	t.Parallel()
	status := daemon.RelayStatus{Upstream: "logged in at 192.0.2.1:21001, 3 terminals live", ClockAhead: 1}
	for language, want := range map[show.Language]string{show.English: "front: " + status.Upstream + "; ", show.Chinese: "前置：已登录 192.0.2.1:21001，在线终端 3 个；"} {
		var out strings.Builder
		e := &command.Env{Lang: language}
		printRelayStatus(e.ReadBy(&out), &status)
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s lacks %q:\n%s", language, want, out.String())
		}
	}
}
