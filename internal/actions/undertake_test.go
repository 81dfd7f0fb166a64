package actions

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/store"
)

// TestUndertake: the row before, what is done, the row after, in this order; and what follows if a row cannot be written.
func TestUndertake(t *testing.T) {
	t.Parallel()
	away, broken := errors.New("away"), errors.New("broken\nsecond line")
	for name, tt := range map[string]struct {
		fails        []bool // the write of the first row, of the second
		despite      bool
		do           error
		want         string
		err          error
		lost, unread bool // the first row, the second row
	}{
		"done":                {fails: []bool{false, false}, want: "begun|work|done"},
		"failed":              {fails: []bool{false, false}, do: broken, err: broken, want: "begun|work|failed: broken"},
		"no first row":        {fails: []bool{true, false}, err: away, want: ""},
		"despite no row":      {fails: []bool{true, false}, despite: true, want: "work", lost: true},
		"no row of the end":   {fails: []bool{false, true}, want: "begun|work", unread: true},
		"neither, and failed": {fails: []bool{true, true}, despite: true, do: broken, err: broken, want: "work", lost: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := New(Identity{User: "u", Host: "h"}, "front retire", "front 1", "")
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			var lost error
			ids := make(map[string]bool)
			write := func(ctx context.Context, a *store.Action) error {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				fail := tt.fails[0]
				if tt.fails = tt.fails[1:]; fail {
					return away
				}
				a.Written, ids[a.ID.String()] = true, true
				said = append(said, a.Changes[len(a.Changes)-1].New)
				return nil
			}
			var despite func(error)
			if tt.despite {
				despite = func(err error) { lost = err }
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			u, err := Undertake(ctx, write, a, despite, func(*store.Action) error {
				said = append(said, "work")
				cancel() // an operator who interrupts does not take the outcome with him
				return tt.do
			})
			if got := strings.Join(said, "|"); got != tt.want || !errors.Is(err, tt.err) || (lost != nil) != tt.lost || (u.Unwritten != nil) != tt.unread {
				t.Errorf("%q, %v, lost %v, unwritten %v", got, err, lost, u.Unwritten)
			}
			if want := strings.Count(tt.want, "|"); want == 2 && (len(ids) != 2 || u.Ended.At.Before(u.Began.At) || !u.Ended.Written) {
				t.Errorf("%d IDs, %+v", len(ids), u)
			}
		})
	}
}
