//go:build race

package e2e

// raceFlag makes the daemon under test have the race detector when the tests have it.
const raceFlag = "-race"
