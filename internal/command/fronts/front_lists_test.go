package fronts

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/daemon"
)

// TestListsOfFrontsInChinese: what lists show of states, within tables too, is in the language of who reads them.
func TestListsOfFrontsInChinese(t *testing.T) {
	t.Parallel()
	var zh, en bytes.Buffer
	for _, w := range []struct {
		out  *bytes.Buffer
		lang command.Env
	}{{&zh, command.Env{Lang: "zh"}}, {&en, command.Env{Lang: "en"}}} {
		out := w.lang.ReadBy(w.out)
		printFronts(out, []shownFront{{FrontID: 3, State: "silent", holds: "20260105: 7 and 2 in quarantine, 1 corrupt stores"}})
		printSessions(out, []daemon.Session{{SessionID: 9, State: "logged_in", Terminals: 4}})
		command.Tell(out, "ready\n")
	}
	for _, want := range []string{"失去心跳", "20260105: 7，另有隔离 2 条，1 个损坏的本地库", "已登录", "4（中继）", "就绪\n"} {
		if !strings.Contains(zh.String(), want) {
			t.Errorf("%q is not in\n%s", want, &zh)
		}
	}
	for _, want := range []string{"silent", "7 and 2 in quarantine, 1 corrupt stores", "logged_in", "4 of a relay", "ready\n"} {
		if !strings.Contains(en.String(), want) {
			t.Errorf("%q is not in\n%s", want, &en)
		}
	}
	if strings.ContainsFunc(en.String(), func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		t.Errorf("Chinese in\n%s", &en)
	}
}
