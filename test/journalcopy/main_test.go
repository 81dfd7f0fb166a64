//go:build linux

package journalcopy

import (
	"fmt"
	"os"
	"testing"

	"github.com/tradefront/tradefront/test/pgtest"
)

// neighbourPath is the variable by which this test program becomes a neighbour: the path of its journal.
const neighbourPath = "TRADEFRONT_TEST_NEIGHBOUR"

func TestMain(m *testing.M) {
	if path := os.Getenv(neighbourPath); path != "" {
		if err := serveNeighbour(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(pgtest.Main(m))
}
