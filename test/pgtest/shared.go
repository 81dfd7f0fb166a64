package pgtest

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/tradefront/tradefront/test/testmain"
)

// shared is the cluster that all tests of this binary share. It is the one global: a
// test binary has no other owner that outlives its tests.
var shared struct {
	managed atomic.Bool // Main runs, which will remove the cluster
	mu      sync.Mutex
	server  *server
	admin   *admin
	err     error // why it could not be started: tried once, and every test fails by it
}

var databases atomic.Int64

// Main is testmain.Run for a package whose tests use PostgreSQL: after the tests it removes
// the cluster that they shared. The result is for os.Exit.
func Main(m testmain.Runner, options ...goleak.Option) int {
	return testmain.Run(testmain.RunnerFunc(func() int {
		shared.managed.Store(true)
		defer func() {
			shared.mu.Lock()
			defer shared.mu.Unlock()
			if shared.server != nil {
				shared.admin.close()
				shared.server.remove()
			}
		}()
		status := m.Run()
		if status == 0 {
			if left := ofCluster(); left != "" {
				fmt.Fprintf(os.Stderr, "pgtest: tests left in the cluster that they share, where a test that runs later meets it: %s\n", left)
				return 1
			}
		}
		return status
	}), options...)
}

// ofCluster names what belongs to the whole shared cluster, not to a test's database, and was not there when it was made: roles, and settings
// of a role or a database.
func ofCluster() string {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.server == nil {
		return ""
	}
	left, err := shared.server.query(shared.server.url("postgres"), "SELECT string_agg(what, ', ') FROM (SELECT 'role ' || rolname AS what FROM pg_roles "+
		"WHERE rolname <> 'postgres' AND rolname NOT LIKE 'pg\\_%' UNION ALL SELECT 'settings ' || setconfig::text FROM pg_db_role_setting) things")
	if err != nil {
		return err.Error()
	}
	return left
}

// Database makes an empty database in the shared cluster for this test and returns its
// URL. It is dropped at the end of the test, connections or not. Options are those of CREATE DATABASE.
func Database(t testing.TB, options ...string) string {
	t.Helper()
	s, err := sharedServer()
	if err != nil {
		t.Fatal("pgtest: ", err)
	}
	name := fmt.Sprintf("test_%d", databases.Add(1))
	if err := shared.admin.create(s, name, strings.Join(options, " ")); err != nil {
		t.Fatalf("pgtest: %v\n%s", err, s.log())
	}
	t.Cleanup(func() {
		if err := shared.admin.drop(name); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return s.url(name)
}

func sharedServer() (*server, error) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if !shared.managed.Load() {
		return nil, errors.New("TestMain of this package must run pgtest.Main, which removes the shared cluster")
	}
	if shared.server == nil && shared.err == nil {
		shared.server, shared.admin, shared.err = startShared()
	}
	return shared.server, shared.err
}

func startShared() (*server, *admin, error) {
	s, err := newServer(testmain.Memory())
	if err != nil {
		return nil, nil, err
	}
	if err := s.start(); err != nil {
		s.remove()
		return nil, nil, err
	}
	a, err := newAdmin(s)
	if err != nil {
		s.remove()
		return nil, nil, err
	}
	return s, a, nil
}
