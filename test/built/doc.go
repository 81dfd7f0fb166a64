// Package built keeps the programs that tests build, so that the packages of one test run, and
// the next run, build each of them once: the front's binary, the C++ programs of cppcore, the libraries and programs of
// collector, what initdb makes, and key pairs.
//
// They are in the user's cache folder, below tradefront-tests. A test gets a link or a copy of its
// own, so no other run can replace a program that a test has started. A folder it reads where it is kept.
//
// # Invariants
//
//   - A program is never older than its sources: `go build` itself judges those of Go, and the
//     name of any other has the hash of all that it is made of. A key pair is made of nothing.
//   - A lock on a file admits one builder at a time. The kernel releases it when the builder ends, however it ends.
//   - A program is complete once it has its name: it is renamed to it. What a killed builder left is built again.
//
// # Bounds
//
// A program that no run has asked for during keep is removed by the next run that builds one.
package built
