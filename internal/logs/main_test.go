package logs

import (
	"os"
	"testing"

	"github.com/tradefront/tradefront/test/testmain"
)

func TestMain(m *testing.M) { os.Exit(testmain.Run(m)) }
