package archive

import (
	"os"
	"testing"

	"github.com/tradefront/tradefront/test/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
