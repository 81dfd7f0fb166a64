package settlement

import (
	"os"
	"testing"

	"github.com/tradefront/tradefront/test/pgtest"
)

func TestMain(m *testing.M) {
	if run, ok := children[os.Getenv(childVariable)]; ok {
		os.Exit(run())
	}
	os.Exit(pgtest.Main(m))
}
