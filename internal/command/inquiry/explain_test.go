package inquiry

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/auditlog"
	"github.com/tradefront/tradefront/internal/explain"
)

// TestExplainedVisit: the operator on the phone reads which item was wrong, that no address was known, and why a relay's connection ended.
func TestExplainedVisit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		visit explain.Visit
		want  string
	}{
		"the item": {
			explain.Visit{Entries: []auditlog.Entry{{}}, Why: explain.Why{Reason: "illegal_field", Item: "LoginRequest.Remark"}},
			"\n  item  LoginRequest.Remark\n",
		},
		"an item that is any text": {
			explain.Visit{Entries: []auditlog.Entry{{}}, Why: explain.Why{Reason: "illegal_field", Item: "a\x1b[31m"}},
			"\n  item  \"a\\x1b[31m\"\n",
		},
		"a wrong answer that begins right": {
			explain.Visit{Entries: []auditlog.Entry{{}}, Why: explain.Why{Reason: "wrong_answer", Blocks: 1}},
			"\n  right blocks of the answer, from the first on: 1 of 8. The authcode is the right one;",
		},
		"no address": {explain.Visit{Entries: []auditlog.Entry{{FrontID: 7, SessionID: 392}}}, "front 7, session 392, from no address\n"},
		"an address": {explain.Visit{Entries: []auditlog.Entry{{FrontID: 7, Address: "203.0.113.7", Port: 50001}}}, ", from 203.0.113.7 port 50001\n"},
		"the end of a relay's connection": {
			explain.Visit{Entries: []auditlog.Entry{{Event: "login"}, {Event: "relay_ended", Reason: "ok", Closing: "relay_refusals"}}},
			"\n  the connection ended, relay_refusals: a relay sent 1,000 submissions that were refused",
		},
	} {
		var out bytes.Buffer
		printVisit(&out, &c.visit)
		if !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: %q, want %q", name, out.String(), c.want)
		}
	}
}
