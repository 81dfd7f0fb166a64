package pgtest

import (
	"errors"
	"fmt"
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
				shared.server.remove()
			}
			initial.remove()
		}()
		return m.Run()
	}), options...)
}

// Database makes an empty database in the shared cluster for this test and returns its
// URL. It is dropped at the end of the test, connections or not. Options are createdb's.
func Database(t testing.TB, options ...string) string {
	t.Helper()
	s, err := sharedServer()
	if err != nil {
		t.Fatal("pgtest: ", err)
	}
	name := fmt.Sprintf("test_%d", databases.Add(1))
	if out, err := s.run("createdb", append(options, s.connect(name)...)...); err != nil {
		t.Fatalf("pgtest: createdb: %v\n%s%s", err, out, s.log())
	}
	t.Cleanup(func() {
		if out, err := s.run("dropdb", append([]string{"--force"}, s.connect(name)...)...); err != nil {
			t.Errorf("pgtest: dropdb: %v\n%s", err, out)
		}
	})
	return s.url(name)
}

func (s *server) connect(database string) []string {
	return []string{"-h", "127.0.0.1", "-p", fmt.Sprint(s.port), "-U", "postgres", database}
}

func sharedServer() (*server, error) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if !shared.managed.Load() {
		return nil, errors.New("TestMain of this package must run pgtest.Main, which removes the shared cluster")
	}
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = startShared()
	}
	return shared.server, shared.err
}

func startShared() (*server, error) {
	s, err := newServer(testmain.Memory())
	if err != nil {
		return nil, err
	}
	if err := s.start(); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}
