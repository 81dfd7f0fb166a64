//go:build race

package site

// raceFlag makes the daemon under test have the race detector when the tests have it.
const raceFlag = "-race"
