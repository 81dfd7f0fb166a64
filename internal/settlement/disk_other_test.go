//go:build !linux

package settlement

import "testing"

// smallDisk is for Linux alone; the limit on files is tested everywhere.
func smallDisk(*testing.T, string) bool { return false }

func makeReadOnly(*testing.T, string) {}
