//go:build !race

package site

// raceFlag is empty: the tests were built without the race detector.
const raceFlag = ""
