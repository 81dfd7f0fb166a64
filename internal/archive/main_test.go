package archive

import (
	"os"
	"testing"

	"github.com/tradefront/tradefront/test/pgtest"
)

func TestMain(m *testing.M) {
	if step := os.Getenv(stepVariable); step != "" {
		os.Exit(archiveAndDie(step))
	}
	os.Exit(pgtest.Main(m))
}
