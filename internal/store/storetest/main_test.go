package storetest_test

import (
	"testing"

	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func TestLocalConforms(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store { return storetest.OpenJournal(t) })
	storetest.RunDirectory(t, func(t *testing.T) *directory.Directory { return directory.New(storetest.OpenJournal(t).Tables()) })
	storetest.RunReports(t, func(t *testing.T) storetest.ReportStore { return storetest.OpenJournal(t) })
}

func TestPostgresConforms(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store { return storetest.OpenPostgres(t) })
	storetest.RunDirectory(t, func(t *testing.T) *directory.Directory { return directory.New(storetest.OpenPostgres(t).Tables()) })
	storetest.RunReports(t, func(t *testing.T) storetest.ReportStore { return storetest.OpenPostgres(t) })
}
