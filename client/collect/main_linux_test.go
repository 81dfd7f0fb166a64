package collect

import (
	"fmt"
	"os"
	"testing"

	"github.com/tradefront/tradefront/test/testmain"
)

func TestMain(m *testing.M) {
	if os.Getenv(printEnv) != "" {
		if err := printCollected(os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(testmain.Run(m))
}
