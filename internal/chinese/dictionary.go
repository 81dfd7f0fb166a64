package chinese

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// dictionary has sentences by what they are in English: those without values by themselves, the others as formats.
type dictionary struct {
	plain   map[string]string
	formats []format // those with the most fixed text first
	steps   []format // of them, those of several parts: a semicolon is in their fixed text, and they begin with none of their values
}

// format is one format string with its values.
type format struct {
	english string
	fixed   int                   // letters of it that are no value
	longest string                // the longest fixed part: a sentence without it is not made by this format
	shape   func() *regexp.Regexp // compiled when a sentence has the longest part: a run of the program asks for few of them
	values  []int                 // for each group of shape, which value it is, from 0
	begins  bool                  // with a value that is no error
	chinese string
	count   int // of values
}

func newDictionary() *dictionary { return &dictionary{plain: make(map[string]string)} }

// verb is one of package fmt: %s, %[2]d, %+.1f; %% is none. In the Chinese %s and %[2]s are enough: values are text by then.
var verb = regexp.MustCompile(`%(?:\[(\d+)\])?[-+# 0]*[\d.]*([a-zA-Z%])`)

func (d *dictionary) add(english, chinese string) {
	verbs := verb.FindAllStringSubmatchIndex(english, -1)
	if len(verbs) == 0 {
		d.plain[english] = chinese
		return
	}
	f := format{english: english, chinese: chinese}
	var shape strings.Builder
	shape.WriteString(`(?s)^`)
	at := 0
	fixed := func(text string) {
		shape.WriteString(regexp.QuoteMeta(text))
		f.fixed += lettersOf(text)
		if len(text) > len(f.longest) {
			f.longest = text
		}
	}
	next := 0
	for _, v := range verbs {
		fixed(english[at:v[0]])
		at = v[1]
		letter := english[v[4]:v[5]]
		if letter == "%" {
			fixed("%")
			continue
		}
		if v[2] >= 0 {
			n, _ := strconv.Atoi(english[v[2]:v[3]])
			next = n - 1
		}
		shape.WriteString(valueOf(letter))
		f.begins = f.begins || v[0] == 0 && letter != "w"
		f.values = append(f.values, next)
		next++
		f.count = max(f.count, next)
	}
	fixed(english[at:])
	shape.WriteString(`$`)
	f.shape = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(shape.String()) })
	d.formats = append(d.formats, f)
}

// lettersOf is how many of a to z, small or capital, the text has.
func lettersOf(text string) (n int) {
	for _, c := range []byte(text) {
		if c |= 'a' - 'A'; 'a' <= c && c <= 'z' {
			n++
		}
	}
	return n
}

// valueOf is what a verb can have written.
func valueOf(letter string) string {
	switch letter {
	case "d", "f":
		return `([-+]?[0-9][0-9,.]*|NaN)`
	case "q":
		return `("(?:[^"\\]|\\.)*")`
	case "x", "X":
		return `([0-9a-fA-F]+)`
	}
	return `(.*?)`
}

// onlyStrings makes %s of each verb: the values are text by now.
func onlyStrings(format string) string {
	return verb.ReplaceAllStringFunc(format, func(v string) string {
		m := verb.FindStringSubmatch(v)
		switch {
		case m[2] == "%":
			return v
		case m[1] != "":
			return "%[" + m[1] + "]s"
		}
		return "%s"
	})
}

// order puts those with the most fixed text first, which fit the fewest sentences.
func (d *dictionary) order() {
	slices.SortFunc(d.formats, func(a, b format) int {
		return cmp.Or(cmp.Compare(b.fixed, a.fixed), cmp.Compare(len(b.english), len(a.english)), cmp.Compare(a.english, b.english))
	})
	for i := range d.formats {
		if f := &d.formats[i]; strings.Contains(f.longest, "; ") && !strings.HasPrefix(f.english, "%") {
			d.steps = append(d.steps, *f)
		}
	}
}

// step looks up a sentence of several parts.
func (d *dictionary) step(english string, left *int) (text string, known bool) {
	if *left == 0 {
		return english, false
	}
	*left--
	if text, known = d.plain[english]; known {
		return text, true
	}
	for i := range d.steps {
		f := &d.steps[i]
		if !strings.Contains(english, f.longest) {
			continue
		}
		if found := f.shape().FindStringSubmatch(english); found != nil && !slices.ContainsFunc(found[1:], isTorn) {
			return f.fill(found[1:], func(value string) string { return d.of(value, left) }), true
		}
	}
	return english, false
}

// whole looks up a sentence that is not cut, among the formats that have so many letters; it is English if that knows none.
func (d *dictionary) whole(english string, left *int, letters int) (text string, known bool) {
	if *left == 0 {
		return english, false
	}
	*left--
	if text, known = d.plain[english]; known {
		return text, true
	}
	for i := range d.formats {
		f := &d.formats[i]
		if f.fixed < letters {
			break
		}
		if !strings.Contains(english, f.longest) {
			continue
		}
		found := f.shape().FindStringSubmatch(english)
		if found != nil && !slices.ContainsFunc(found[1:], isTorn) && !(f.begins && strings.Contains(found[1], "; ")) {
			return f.fill(found[1:], func(value string) string { return d.of(value, left) }), true
		}
	}
	return english, false
}

// isTorn reports whether a value has one bracket of a pair, and so is no value: "a) holds (last seen 15:40" of "(host %s)".
func isTorn(value string) bool {
	open := 0
	for _, r := range value {
		switch r {
		case '(':
			open++
		case ')':
			if open--; open < 0 {
				return true
			}
		}
	}
	return open != 0
}

// fill puts the values into the Chinese.
func (f *format) fill(found []string, translate func(string) string) string {
	values := make([]any, f.count)
	for i, text := range found {
		values[f.values[i]] = translate(text)
	}
	for i := range values {
		if values[i] == nil {
			values[i] = ""
		}
	}
	return strings.ReplaceAll(fmt.Sprintf(onlyStrings(f.chinese), values...), "） ", "）") // the bracket has its space
}
