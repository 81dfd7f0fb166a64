package collector

import (
	"fmt"
	"os"
	"testing"

	"github.com/tradefront/tradefront/test/testmain"
)

// work is a folder for the files of Wine, whose server ends after the test that started it.
var work string

func TestMain(m *testing.M) {
	os.Exit(testmain.Run(testmain.RunnerFunc(func() int {
		var err error
		if work, err = os.MkdirTemp("", "collector-test-"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(work)
		return m.Run()
	})))
}

// heavy skips a test that `make collector-test` runs and `make test` does not.
func heavy(t *testing.T) {
	t.Helper()
	if os.Getenv("TRADEFRONT_TEST_COLLECTOR") == "" {
		t.Skip("make collector-test runs this test")
	}
}
