package show_test

import (
	"testing"

	"github.com/tradefront/tradefront/internal/show"
)

func TestWidth(t *testing.T) {
	for s, want := range map[string]int{"": 0, "wrong_password": 14, "资金账户": 8, "（3），": 7, "é": 1, "e\u0301": 1, "a\u200bb": 2} {
		if got := show.Width(s); got != want {
			t.Errorf("%q has %d columns, want %d", s, got, want)
		}
	}
}
