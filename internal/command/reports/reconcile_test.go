package reports

import (
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/settlement/reconcile"
	"github.com/tradefront/tradefront/internal/show"
)

// TestDifferencesInTheReadersLanguage: of a difference, the kind, what to do and its details.
func TestDifferencesInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	facts := reconcile.FactsOf(reconcile.AnsweredTwice)
	found := reconcile.Differences{
		Kind: facts.Kind, Fault: true, What: facts.What, Do: facts.Do, Total: 2,
		First: []reconcile.Difference{{RecordID: "r", Where: "a:3", Before: "a:1", Detail: "2 entries"}},
	}
	for language, want := range map[show.Language][]string{
		show.English: {"FAULT: answered twice (2)", facts.Do, "    r, at a:3, before at a:1, 2 entries\n", "and 1 more"},
		show.Chinese: {"错误：同一记录应答两次（2）", facts.DoChinese, "    r，见 a:3，先前见 a:1，2 条审计记录\n", "另有 1 项"},
	} {
		var out strings.Builder
		e := &command.Env{Lang: language}
		printDifferences(e.ReadBy(&out), found)
		for _, text := range want {
			if !strings.Contains(out.String(), text) {
				t.Errorf("%s lacks %q:\n%s", language, text, out.String())
			}
		}
	}
}
