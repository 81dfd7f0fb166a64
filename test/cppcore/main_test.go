package cppcore

import (
	"os"
	"testing"

	"github.com/tradefront/tradefront/test/testmain"
)

func TestMain(m *testing.M) {
	os.Exit(testmain.Run(testmain.RunnerFunc(func() int {
		defer removeBuilt()
		return m.Run()
	})))
}
