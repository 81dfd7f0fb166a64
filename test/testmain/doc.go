// Package testmain is what the TestMain of a package does:
//
//	func TestMain(m *testing.M) { os.Exit(testmain.Run(m)) }
//
// It puts the tests' temporary folders into memory, where an fsync costs nothing: a local store
// waits for one at each append, some 10 ms on a small machine's disk, and no test cuts the power.
// And it fails a package of which goroutines are left when its tests have ended.
//
// A package whose tests use PostgreSQL calls pgtest.Main, which runs this.
//
// # Invariants
//
//   - Benchmarks keep the folder that the environment names: they measure a disk.
//   - So do tests on a machine whose memory has no room for them (see Memory), unless its path is too long for Unix sockets.
//   - The umask is 022 and no variable is set of PostgreSQL's (PG…), of our programs' (TRADEFRONT_… but TRADEFRONT_TEST_…) and of the language.
//   - Nothing stays after a run. What a killed run left, the next one removes (RemoveLeftovers).
package testmain
