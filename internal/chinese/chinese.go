package chinese

import (
	"strings"
	"sync"
)

const (
	maxLength  = 16 << 10
	maxLookups = 500 // of one sentence and its parts
)

// Of is the sentence in Chinese, as far as the catalogs have its parts.
func Of(english string) string {
	if len(english) > maxLength || english == "" {
		return english
	}
	left := maxLookups
	return book().of(english, &left)
}

// book has all catalogs ready to look up. It is made at the first sentence: most runs of a command need none.
var book = sync.OnceValue(makeBook)

func makeBook() *dictionary {
	d := newDictionary()
	for _, catalog := range catalogs() {
		for english, chinese := range catalog {
			d.add(english, chinese)
		}
	}
	d.order()
	return d
}

// of is Of for a part of a sentence, with so many lookups left.
func (d *dictionary) of(english string, left *int) string {
	if *left == 0 || english == "" {
		return english
	}
	if text, is := d.longStep(english, left); is {
		return text
	}
	if whole, known := d.whole(english, left, strong); known {
		return whole
	}
	// What is cut off first binds least: lines, then the parts of a line, then cause and effect.
	for _, cut := range []struct{ at, joined string }{{"\n", "\n"}, {"; ", "；"}, {": ", "："}} {
		if text, changed := d.cut(english, cut.at, cut.joined, left); changed {
			return text
		}
	}
	whole, _ := d.whole(english, left, 0)
	return whole
}

// longStep translates a line that ends in a step of several parts, "front 2 is away: start it; if it is gone: retire it", by the step as a
// whole: neither a format for all of the line nor a cut at its semicolon finds it.
func (d *dictionary) longStep(english string, left *int) (text string, is bool) {
	if strings.Contains(english, "\n") {
		return "", false
	}
	for i := strings.Index(english, ": "); i >= 0; {
		behind := english[i+len(": "):]
		if !strings.Contains(behind, "; ") {
			return "", false
		}
		if step, known := d.step(behind, left); known {
			before := english[:i]
			if cause, known := d.whole(trimmed(before), left, strong); known {
				return before[:len(before)-len(trimmed(before))] + cause + "：" + step, true
			}
		}
		next := strings.Index(behind, ": ")
		if next < 0 {
			return "", false
		}
		i += len(": ") + next
	}
	return "", false
}

// strong is how many letters a format must have that is tried before a sentence is cut: "%s is %s" fits too many.
const strong = 7

// cut translates what is before and behind each place of at. Of the places, it takes the first at which the part before it is
// known as a whole; without one, it takes the first of all.
func (d *dictionary) cut(english, at, joined string, left *int) (text string, changed bool) {
	first := strings.Index(english, at)
	if first < 0 {
		return "", false
	}
	place := first
	for i := first; i >= 0; {
		if _, known := d.whole(trimmed(english[:i]), left, strong); known {
			place = i
			break
		}
		next := strings.Index(english[i+len(at):], at)
		if next < 0 {
			break
		}
		i += len(at) + next
	}
	before, behind := english[:place], english[place+len(at):]
	indent := before[:len(before)-len(strings.TrimLeft(before, " "))]
	newBefore, newBehind := indent+d.of(strings.TrimLeft(before, " "), left), d.of(behind, left)
	if newBefore == before && newBehind == behind {
		return "", false
	}
	return newBefore + joined + newBehind, true
}

func trimmed(s string) string { return strings.TrimLeft(s, " ") }
