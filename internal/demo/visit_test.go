package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/tradefront/tradefront/client"
)

func TestWeightsAddUp(t *testing.T) {
	sum := 0
	for _, k := range kinds {
		sum += k.weight
		if k.weight < 1 {
			t.Errorf("%s never comes", k.name)
		}
	}
	if sum != 1000 {
		t.Errorf("%d, want 1000", sum)
	}
}

// Each number that pick can draw belongs to a kind, as often as its weight says.
func TestPick(t *testing.T) {
	counts := make(map[string]int)
	const draws = 200_000
	random := rand.New(rand.NewPCG(1, 2))
	for range draws {
		counts[pick(random).name]++
	}
	for _, k := range kinds {
		want := draws * k.weight / 1000
		if got := counts[k.name]; got < want*8/10 || got > want*12/10 {
			t.Errorf("%s: %d of %d, want about %d", k.name, got, draws, want)
		}
	}
}

// The demo's default of visits, and a tenth of it, show every kind.
func TestEveryKindIsPlayed(t *testing.T) {
	const visits = 400
	seen := make(map[string]bool)
	for i := range uint64(visits) {
		seen[pick(rand.New(rand.NewPCG(i, seedStream))).name] = true
	}
	for _, k := range kinds {
		if !seen[k.name] {
			t.Errorf("%s does not come in %d visits", k.name, visits)
		}
	}
}

func TestCodeOf(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name   string
		err    error
		code   int
		failed error
	}{
		{"success", nil, 0, nil},
		{"refused", &client.Error{Code: 63}, 63, nil},
		{"refused, wrapped", fmt.Errorf("login: %w", &client.Error{Code: 90}), 90, nil},
		{"closed", &client.ClosedError{Cause: io.EOF}, Closed, nil},
		{"closed, wrapped", fmt.Errorf("login: %w", &client.ClosedError{Cause: io.EOF}), Closed, nil},
		{"refused, then closed", errors.Join(&client.ClosedError{Cause: io.EOF}, &client.Error{Code: 63}), 63, nil},
		{"violation", &client.ViolationError{Cause: broken}, 0, broken},
		{"patience ended", context.DeadlineExceeded, 0, context.DeadlineExceeded},
		{"anything else", broken, 0, broken},
	} {
		code, failed := codeOf(c.err)
		if code != c.code || !errors.Is(failed, c.failed) || (failed == nil) != (c.failed == nil) {
			t.Errorf("%s: %d, %v; want %d, %v", c.name, code, failed, c.code, c.failed)
		}
	}
}
