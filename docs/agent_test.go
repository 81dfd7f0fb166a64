package docs

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What the watchers of a relay agent register. Its catalog cannot be had without a running agent, so the source is read.
var (
	agentMetric = regexp.MustCompile(`ops\.New[A-Za-z]+\("(agent_[a-z_]+)"`)
	agentCheck  = regexp.MustCompile(`\{"([a-z_]+)", ops\.(Required|Warning),`)
)

// agentsOwn are the words that its watchers file does not have: those of parts that it has in common with a front.
var agentsOwn = map[string]string{"front": "required", "audit_log": "warning", "log": "warning", "certificates": "warning"}

// TestOperationsNamesEveryAgentMetric: the table of a relay agent has each metric of its own, and none else.
func TestOperationsNamesEveryAgentMetric(t *testing.T) {
	want := make(map[string]string)
	for _, m := range agentMetric.FindAllStringSubmatch(agentWatchers(t), -1) {
		want["tradefront_"+m[1]] = ""
	}
	compare(t, "operations.md", agentTable(t, "`tradefront_agent_", len(want)), want)
}

// TestOperationsNamesEveryAgentCheck: its table of /readyz has each check with its severity, and none else.
func TestOperationsNamesEveryAgentCheck(t *testing.T) {
	want := make(map[string]string)
	for _, m := range agentCheck.FindAllStringSubmatch(agentWatchers(t), -1) {
		want[m[1]] = strings.ToLower(m[2])
	}
	found := len(want)
	for name, severity := range agentsOwn {
		want[name] = severity
	}
	compare(t, "operations.md", agentTable(t, "upstream", found), want)
}

func agentWatchers(t *testing.T) string {
	t.Helper()
	return read(t, filepath.Join("..", "internal", "daemon", "relay_watchers.go"))
}

// agentTable is the table of operations.md whose first word begins so.
func agentTable(t *testing.T, first string, found int) [][]string {
	t.Helper()
	if found < 5 {
		t.Fatalf("only %d words were found in the source: it is written otherwise now", found)
	}
	for _, table := range tablesOf(t, "operations.md") {
		if strings.HasPrefix(table[0][0], first) {
			return table
		}
	}
	t.Fatalf("operations.md has no table that begins with %s", first)
	return nil
}
