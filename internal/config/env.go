package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/viper"
)

const (
	// envPrefix begins every environment variable that is ours.
	envPrefix = "TRADEFRONT_"
	// envTests begins the variables of the test suites, which are not the configuration's.
	envTests = "TRADEFRONT_TEST_"
)

// setting is one variable that was understood.
type setting struct {
	variable string
	list     *field // the list that the leaf's entry is in, nil if in none
	entry    int
	leaf     *field
	value    string
}

// applyEnv sets every leaf that env names. A leaf in a list is named with the number of
// its entry, TRADEFRONT_KEYS_0_VERSION; the number after the last adds an entry.
func applyEnv(v *viper.Viper, root *field, env []string) (faults Faults) {
	settings, faults := readEnv(root, env)
	onlyOneURL(v, settings)
	for _, s := range settings {
		value, problem := s.leaf.parse(s.value)
		switch {
		case problem != "":
			faults.add(s.key(), "from "+s.variable+": "+problem+show(s.leaf, s.value), "")
		case s.list == nil:
			v.Set(s.leaf.path, value)
		default:
			if !setEntry(v, s, value) {
				faults.add(s.variable, "would leave a gap in "+s.list.path,
					fmt.Sprintf("the next entry is number %d", entries(v, s.list)))
			}
		}
	}
	return faults
}

// onlyOneURL: store.url and store.url_file are two ways to write one setting, so that the
// environment's takes the place of the file's whichever of the two each uses. Both of them
// from one place remain a fault.
func onlyOneURL(v *viper.Viper, settings []setting) {
	set := make(map[string]bool)
	for _, s := range settings {
		set[s.leaf.path] = s.value != ""
	}
	switch {
	case set["store.url"] && !set["store.url_file"]:
		v.Set("store.url_file", "")
	case set["store.url_file"] && !set["store.url"]:
		v.Set("store.url", "")
	}
}

// readEnv finds our variables, in the order in which lists can grow: by entry.
func readEnv(root *field, env []string) (settings []setting, faults Faults) {
	known := variables(root)
	for _, line := range env {
		name, value, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(name, envPrefix) || strings.HasPrefix(name, envTests) {
			continue
		}
		if !isName(name) { // it would not survive being printed
			faults.add(envPrefix+"*", "an environment variable's name has strange characters", "remove it")
			continue
		}
		pattern, entry := splitEntry(name)
		s, ok := known[pattern]
		if !ok && foreign(name, value) {
			continue // Ignored names it
		}
		if !ok {
			faults.add(name, "no configuration key has this environment variable", suggestVariable(known, name))
			continue
		}
		s.variable, s.entry, s.value = name, entry, value
		settings = append(settings, s)
	}
	slices.SortStableFunc(settings, func(a, b setting) int { return a.entry - b.entry })
	return settings, faults
}

// variables maps the variable of each leaf to it; the number of a list's entry is *.
func variables(root *field) map[string]setting {
	known := make(map[string]setting)
	var in func(f, inside *field)
	in = func(f, inside *field) {
		for i := range f.fields {
			switch c := &f.fields[i]; c.shape {
			case section:
				in(c, inside)
			case list:
				in(c, c)
			default:
				known[c.variable()] = setting{list: inside, leaf: c}
			}
		}
	}
	in(root, nil)
	return known
}

// variable is the name of a leaf's environment variable, * for the number of an entry.
func (f *field) variable() string {
	return envPrefix + strings.ToUpper(strings.NewReplacer("[].", "_*_", ".", "_").Replace(f.path))
}

// splitEntry replaces the number in a variable's name by *. No key has a part that is
// nothing but digits, so there is one reading. Without a number, entry is 0.
func splitEntry(name string) (pattern string, entry int) {
	parts := strings.Split(name, "_")
	for i, p := range parts {
		if n, err := strconv.ParseUint(p, 10, 16); err == nil && strconv.FormatUint(n, 10) == p {
			parts[i], entry = "*", int(n)
			break
		}
	}
	return strings.Join(parts, "_"), entry
}

func suggestVariable(known map[string]setting, name string) string {
	var names []string
	for pattern := range known {
		names = append(names, strings.Replace(pattern, "*", "0", 1))
	}
	slices.Sort(names) // among equals, always the same advice
	// The prefix is right, so it must not make strangers look alike.
	short := strings.TrimPrefix(name, envPrefix)
	for i := range names {
		names[i] = strings.TrimPrefix(names[i], envPrefix)
	}
	if best := closest(short, names); best != "" {
		return "did you mean " + envPrefix + best + "?"
	}
	return "remove it"
}

// setEntry sets a leaf of a list's entry, adding the entry if it is the next.
func setEntry(v *viper.Viper, s setting, value any) bool {
	have, _ := v.Get(s.list.path).([]any)
	if s.entry > len(have) {
		return false
	}
	changed := slices.Clone(have)
	if s.entry == len(have) {
		changed = append(changed, blank(s.list))
	}
	changed[s.entry].(map[string]any)[s.leaf.name] = value
	v.Set(s.list.path, changed)
	return true
}

func entries(v *viper.Viper, list *field) int {
	have, _ := v.Get(list.path).([]any)
	return len(have)
}

// key is the path of the leaf, with the number of its entry.
func (s setting) key() string {
	return strings.Replace(s.leaf.path, "[]", fmt.Sprintf("[%d]", s.entry), 1)
}
