package reconcile

// SetMaxLookups bounds the lookups of a test.
func SetMaxLookups(n int64) { maxLookups = n }

// MaxLookups is the bound, to set it back.
func MaxLookups() int64 { return maxLookups }
