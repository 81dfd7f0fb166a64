package actions

import (
	"fmt"
	"slices"

	"github.com/tradefront/tradefront/internal/store"
)

// Folded are the actions, the oldest first, without the first rows of undertakings whose second row is among them: that one says it all. A
// first row that is left had no second: the command was killed, or still runs.
func Folded(all []store.Action) []store.Action {
	ended := make(map[string]int) // how many second rows lie behind, by undertaking
	folded := make([]store.Action, 0, len(all))
	for i := range slices.Backward(all) {
		a := &all[i]
		key := a.By() + "\x00" + a.Command + "\x00" + a.Subject
		switch old, is := outcome(a); {
		case old == begun:
			ended[key]++
		case is == begun && ended[key] > 0:
			ended[key]--
			continue
		}
		folded = append(folded, *a)
	}
	slices.Reverse(folded)
	return folded
}

// outcome is how an undertaking's row says that it went: before, and now; "" of a row that is of none.
func outcome(a *store.Action) (old, is string) {
	for _, c := range a.Changes {
		if c.What == outcomeKey {
			return c.Old, c.New
		}
	}
	return "", ""
}

// Outcome is how an undertaking ended, "" if the row does not say.
func Outcome(a *store.Action) string {
	if old, is := outcome(a); old == begun {
		return is
	}
	return ""
}

// changesShown is how many changes Brief names.
const changesShown = 4

// Brief is what was changed, for a line of a table: the outcome apart, and of many changes the first alone.
func Brief(a *store.Action) string {
	short := *a
	if Outcome(a) != "" {
		short.Changes = slices.DeleteFunc(slices.Clone(a.Changes), func(c store.Change) bool { return c.What == outcomeKey })
	}
	more := len(short.Changes) - changesShown
	if more <= 1 { // one more takes no more room than saying so
		return Changes(&short)
	}
	short.Changes = short.Changes[:changesShown]
	return fmt.Sprintf("%s; … %d", Changes(&short), more)
}
