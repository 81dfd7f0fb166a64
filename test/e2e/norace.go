//go:build !race

package e2e

// raceFlag is empty: the tests were built without the race detector.
const raceFlag = ""
