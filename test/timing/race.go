//go:build race

package timing

const raced = true
