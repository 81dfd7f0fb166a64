package docs

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/tradefront/tradefront/"

// goList is what go list prints, a line each.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// depsOf is all that these rooms import, by themselves or through others.
func depsOf(t *testing.T, rooms ...string) []string {
	t.Helper()
	args := []string{"-deps"}
	for _, room := range rooms {
		args = append(args, module+room)
	}
	deps := goList(t, args...)
	if !slices.Contains(deps, module+rooms[0]) {
		t.Fatalf("go list says %s", deps)
	}
	return deps
}

// TestRoomsCompileWithoutAStore: what serves terminals or plays them, verifies a report or is given to vendors has neither a database, nor
// metrics, nor the front's event loop among all that it imports. depguard looks at direct imports alone.
func TestRoomsCompileWithoutAStore(t *testing.T) {
	t.Parallel()
	deps := depsOf(t, "internal/gateway", "internal/session", "internal/dialogue", "internal/core/link", "internal/settlement/verify", "client", "client/collect",
		"internal/agent", "internal/settlement/reconcile", "internal/settlement/relayreport", "internal/auditsearch", "internal/archive", "internal/subject",
		"internal/loadtest/generators", "internal/demo")
	for _, not := range []string{"github.com/jackc/", "modernc.org/", "github.com/panjf2000/gnet", "github.com/prometheus/"} {
		for _, path := range deps {
			if strings.HasPrefix(path, not) {
				t.Errorf("these rooms import %s", path)
			}
		}
	}
}

// TestWhatServesHasNoTestKeys: a running front or relay agent has neither a private key, nor a core that is none, nor a command.
func TestWhatServesHasNoTestKeys(t *testing.T) {
	t.Parallel()
	for _, path := range depsOf(t, "internal/daemon") {
		for _, not := range []string{
			"internal/supplement/testkey", "internal/settlement/verifykeys", "internal/coresim", "internal/corecheck", "internal/demo", "internal/command",
		} {
			if path == module+not || strings.HasPrefix(path, module+not+"/") {
				t.Errorf("internal/daemon imports %s", path)
			}
		}
	}
}

// TestWallsBetweenRooms: the walls of design.md that no rule of depguard holds. Tests may import more.
func TestWallsBetweenRooms(t *testing.T) {
	t.Parallel()
	imports := make(map[string][]string)
	for _, line := range goList(t, "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"internal/...", module+"client/...") {
		words := strings.Fields(line)
		imports[strings.TrimPrefix(words[0], module)] = words[1:]
	}
	// What a room may import of ours, and nothing else of ours.
	for room, may := range map[string][]string{
		"internal/reason": nil, "internal/regulation": nil, "internal/pgurl": nil, "internal/chinese": nil, "internal/source": nil,
		"internal/shardmap": nil, "internal/textfile": nil, "internal/ftd": nil, "internal/rate": nil, "internal/extsort": nil,
		"internal/proxyheader": nil, "internal/handover": nil,
		"internal/show":            {"internal/regulation"},
		"internal/terminalinfo":    {"internal/regulation"},
		"internal/sqlitefile":      {"internal/files"},
		"internal/store":           {"internal/regulation", "internal/calendar"},
		"internal/store/forward":   {"internal/store", "internal/calendar"},
		"internal/store/heartbeat": {"internal/store", "internal/calendar", "internal/show"},
		"internal/store/online":    {"internal/store", "internal/regulation"},
		"internal/corecheck":       {"internal/ftd"},
		"client":                   {"internal/ftd", "client/collect"},
		"client/collect":           {"internal/terminalinfo", "internal/supplement", "internal/regulation"},
	} {
		if _, there := imports[room]; !there {
			t.Errorf("there is no room %s", room)
		}
		for _, path := range imports[room] {
			if own, is := strings.CutPrefix(path, module); is && !slices.Contains(may, own) {
				t.Errorf("%s imports %s", room, own)
			}
		}
	}
	// What a room must not import, of any origin.
	for room, not := range map[string][]string{
		"internal/session":           {"net", "os"},
		"internal/admission":         {"net", "os"},
		"internal/relay":             {"net", "os", "database/sql"},
		"internal/calendar":          {"net"},
		"internal/core/link":         {module + "internal/gateway"},
		"internal/settlement/verify": {module + "internal/settlement/reportfile", module + "internal/settlement"},
		"internal/gateway":           {"net", "database/sql"},
		"internal/dialogue":          {"net", module + "internal/gateway"},
	} {
		for _, path := range imports[room] {
			if slices.Contains(not, path) {
				t.Errorf("%s imports %s", room, path)
			}
		}
	}
}
