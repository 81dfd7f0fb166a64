//go:build !race

package simulation

// ofTheTests is how many seeds run with the tests: about a minute's.
const ofTheTests = 300
