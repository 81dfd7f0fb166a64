package docs

import (
	"os/exec"
	"strings"
	"testing"
)

// TestRoomsCompileWithoutAStore: what serves terminals, verifies a report or is given to vendors has neither a database nor the event
// loop among all that it imports. depguard looks at direct imports alone.
func TestRoomsCompileWithoutAStore(t *testing.T) {
	t.Parallel()
	const module = "github.com/tradefront/tradefront/"
	args := []string{"list", "-deps"}
	for _, room := range []string{"internal/gateway", "internal/session", "internal/dialogue", "internal/core/link", "internal/settlement/verify", "client", "client/collect"} {
		args = append(args, module+room)
	}
	out, err := exec.CommandContext(t.Context(), "go", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := string(out)
	if !strings.Contains(deps, module+"internal/gateway\n") {
		t.Fatalf("go list says %s", deps)
	}
	for _, not := range []string{"github.com/jackc/", "modernc.org/", "github.com/panjf2000/gnet"} {
		if _, found, is := strings.Cut(deps, not); is {
			path, _, _ := strings.Cut(found, "\n")
			t.Errorf("these rooms import %s%s", not, path)
		}
	}
}
