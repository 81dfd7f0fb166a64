package store_test

import (
	"os"
	"testing"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

func TestMain(m *testing.M) {
	if run, ok := children[os.Getenv(childVariable)]; ok {
		os.Exit(run())
	}
	os.Exit(pgtest.Main(m))
}

func TestLocalConforms(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return openLocal(t) })
	storetest.RunDirectory(t, func(t *testing.T) *store.Directory { return store.NewDirectory(openLocal(t).Tables()) })
	storetest.RunReports(t, func(t *testing.T) storetest.ReportStore { return openLocal(t) })
}

func TestPostgresConforms(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return openPostgres(t) })
	storetest.RunDirectory(t, func(t *testing.T) *store.Directory { return store.NewDirectory(openPostgres(t).Tables()) })
	storetest.RunReports(t, func(t *testing.T) storetest.ReportStore { return openPostgres(t) })
}
