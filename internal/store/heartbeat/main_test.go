package heartbeat_test

import (
	"testing"

	"github.com/tradefront/tradefront/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }
