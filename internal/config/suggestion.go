package config

import "strings"

// suggestKey is advice about an unknown key in section f: a key of that section that is
// spelt alike, else a key of that very name in another section, else "".
func suggestKey(root, f *field, name string) string {
	var here []string
	for i := range f.fields {
		here = append(here, f.fields[i].name)
	}
	if best := Closest(name, here); best != "" {
		return "did you mean " + best + "?"
	}
	advice := ""
	root.walk(func(c *field) {
		if advice == "" && c.name == strings.ToLower(name) {
			advice = "did you mean " + c.path + "?"
		}
	})
	return advice
}

// Closest is the word nearest to name, "" if none is near: at most one edit in three bytes.
func Closest(name string, words []string) string {
	best, bound := "", max(1, len(name)/3)
	for _, w := range words {
		if d := edits(strings.ToLower(name), strings.ToLower(w)); d <= bound && d < max(len(name), len(w)) {
			best, bound = w, d-1
		}
	}
	return best
}

// edits is the Levenshtein distance in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
