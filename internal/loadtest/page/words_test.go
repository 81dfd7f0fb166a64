package page

import (
	"testing"

	"github.com/tradefront/tradefront/internal/loadtest"
)

// TestEachScenarioHasWords: and each that sends something after the logins has a title for that; a section without one would be nameless.
func TestEachScenarioHasWords(t *testing.T) {
	t.Parallel()
	for _, words := range languages {
		for _, scenario := range loadtest.Scenarios() {
			p := loadtest.Plan{Scenario: scenario, RelayMode: loadtest.OperatorRelay}
			if words.Scenarios[scenario] == "" || p.HasRequests() && words.RequestsTitle[scenario] == "" {
				t.Errorf("%s in %s: %q, what it sends %q", scenario, words.Lang, words.Scenarios[scenario], words.RequestsTitle[scenario])
			}
		}
	}
}

// TestAFrontWithoutHeartbeatIsNoAttacker: a session that ended for that must not read as one of the attackers that say nothing.
func TestAFrontWithoutHeartbeatIsNoAttacker(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		words *words
		want  string
	}{{&english, "no heartbeat: while logged in"}, {&chinese, "无心跳：已登录期间"}} {
		if got := test.words.failure("no heartbeat: session"); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
