// Package pgtest gives tests a real PostgreSQL: private clusters in temporary folders,
// started from the binaries of this machine and gone when the test binary is gone.
//
// Most tests want a database of their own and nothing else. They share one cluster a
// test binary, started by the first test that needs it:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
//
//	func TestSomething(t *testing.T) {
//		url := pgtest.Database(t)
//		...
//	}
//
// Those that want the same tables and rows at their start copy a Template:
//
//	var migrated = pgtest.NewTemplate(func(ctx context.Context, url string) error { ... })
//
//	url := migrated.Database(t)
//
// A test that stops, crashes or freezes PostgreSQL starts a cluster of its own:
//
//	c := pgtest.Start(t)
//	c.Stop(pgtest.Immediate) // what a power cut leaves
//	c.Start()                // recovery, same port, same data
//	c.Freeze()               // SIGSTOP: connections stay open, nothing answers
//	c.Thaw()
//
// One that wants a failover adds a standby to it:
//
//	b := c.Standby("b")
//	c.Synchronous("b") // a COMMIT waits for b
//	c.Stop(pgtest.Immediate)
//	b.Promote()        // and "b" is waited for no more
//
// Pooler puts pgbouncer before any of these.
//
// # Invariants
//
//   - Never a skip: where the binaries are missing, the test fails with how to get them. They are initdb and postgres
//     alone, which every build of PostgreSQL has: psql and pg_basebackup are missing in some.
//   - Tests may run in parallel: each database is one test's alone. The shared cluster takes
//     100 connections, all tests of the binary together.
//   - Nothing of the machine is touched: no system cluster, no fixed port, no home folder.
//   - PostgreSQL refuses to run as root, so a test run by root starts it as the user
//     postgres or as the user nobody.
//   - fsync is on everywhere: the store refuses a server where it is off. Clusters are in
//     memory where there is room, and there it costs nothing. What a crash of PostgreSQL
//     leaves is the same there; a test that wants a disk names one (StartIn).
//
// # If the test binary ends early
//
// On Linux the kernel then sends PostgreSQL SIGQUIT, and its processes end. The folder stays;
// the next run that starts a cluster removes the folders of runs that have ended.
package pgtest
