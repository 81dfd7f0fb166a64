//go:build linux

package loginbench

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tradefront/tradefront/test/pgtest"
	"github.com/tradefront/tradefront/test/site"
)

// roleVariable tells a child of this test binary what it is.
const roleVariable = "TRADEFRONT_LOGINBENCH_ROLE"

// roles are what a child of this binary can be. Each runs until its standard input ends.
var roles = map[string]func() error{
	"floor":     serveFloor,
	"simple":    serveSimple,
	"terminals": runTerminals,
}

var program string // the built tradefront

func TestMain(m *testing.M) {
	if run, is := roles[os.Getenv(roleVariable)]; is {
		if err := run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tradefront-loginbench-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "tradefront")
	if err := errors.Join(site.Build(program), site.EndAtOnce()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return pgtest.Main(m)
}
