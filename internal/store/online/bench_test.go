package online

import (
	"fmt"
	"testing"

	"github.com/tradefront/tradefront/internal/regulation"
)

// BenchmarkAll is the look at each entry during which logins wait, when all is written anew.
func BenchmarkAll(b *testing.B) {
	const accounts = 100_000
	c := New(nil, 1)
	for i := range accounts {
		c.Resume(regulation.Account(fmt.Sprint(i)))
	}
	for b.Loop() {
		if len(c.all()) != accounts {
			b.Fatal("accounts are missing")
		}
	}
}
