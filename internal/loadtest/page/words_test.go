package page

import (
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/loadtest"
	"github.com/tradefront/tradefront/internal/loadtest/result"
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

// TestLimitedNamesWhatWasSeen: a generator that was too slow is named with its figures, and with what to do, as in the text.
func TestLimitedNamesWhatWasSeen(t *testing.T) {
	t.Parallel()
	r := &result.Result{CPU: 0.012, Counts: result.Counts{Begun: 2200, Late: 1530}}
	for _, words := range languages {
		want := map[string]string{
			"en": "The generator used 1 % of a processor and began 1,530 visits or requests late: ",
			"zh": "压测机占用一个处理器的 1 %，发起过迟 1,530 次：",
		}[words.Lang]
		all := causes(r, words)
		if len(all) == 0 || !strings.HasPrefix(all[0], want) || !strings.Contains(all[0], "--generators") {
			t.Errorf("%s: %q", words.Lang, all)
		}
	}
}
