package actions

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tradefront/tradefront/internal/chinese"
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
	first, more := briefly(a)
	return behindMore(Changes(first), more)
}

// BriefChinese is Brief in Chinese. Names and values that are none of ours, as accounts and files, stay as they are.
func BriefChinese(a *store.Action) string {
	first, more := briefly(a)
	parts := make([]string, len(first.Changes))
	for i, c := range first.Changes {
		old, is := valueChinese(c.Old), valueChinese(c.New)
		parts[i] = chinese.Word("change", c.What)
		switch {
		case c.Old != "" && c.New != "":
			parts[i] += "：" + old + " → " + is
		case c.New != "":
			parts[i] += "：" + is
		case c.Old != "":
			parts[i] += "：去掉 " + old
		}
	}
	return behindMore(strings.Join(parts, "；"), more)
}

// OutcomeChinese is Outcome in Chinese.
func OutcomeChinese(a *store.Action) string {
	how := Outcome(a)
	if why, is := strings.CutPrefix(how, failed); is {
		return "失败：" + chinese.Of(why)
	}
	return valueChinese(how)
}

func valueChinese(english string) string {
	if word := chinese.Word("changed", english); word != english {
		return word
	}
	return chinese.Of(cut(english))
}

// briefly is the action with the changes that Brief names, and how many more there are.
func briefly(a *store.Action) (first *store.Action, more int) {
	short := *a
	if Outcome(a) != "" {
		short.Changes = slices.DeleteFunc(slices.Clone(a.Changes), func(c store.Change) bool { return c.What == outcomeKey })
	}
	if more = len(short.Changes) - changesShown; more <= 1 { // one more takes no more room than saying so
		return &short, 0
	}
	short.Changes = short.Changes[:changesShown]
	return &short, more
}

func behindMore(text string, more int) string {
	if more == 0 {
		return text
	}
	return fmt.Sprintf("%s; … %d", text, more)
}
