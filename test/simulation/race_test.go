//go:build race

package simulation

// ofTheTests: the race detector makes SQLite ten times slower.
const ofTheTests = 40
