// Package child starts the programs that tests run, so that none of them outlives the tests: `go test` kills tests that take
// too long, and killed tests run no cleanup.
package child
