package config

import (
	"cmp"
	"slices"
	"strings"
)

// Fault is one thing that is wrong with the configuration. It never contains a secret:
// faults are printed, logged and sent to support.
type Fault struct {
	// Key is the path of the key, as "front.listeners[0].address"; the variable's name if
	// the fault is a TRADEFRONT_ variable that is no key's; "" for the file as a whole.
	Key string
	// Problem says what is wrong, with the line or the variable it came from.
	Problem string
	// Fix says what to do about it; "" if that is plain from the problem.
	Fix string
}

func (f Fault) String() string {
	s := f.Problem
	if f.Key != "" {
		s = f.Key + ": " + s
	}
	if f.Fix != "" {
		s += "; " + f.Fix
	}
	return s
}

// Faults is everything that is wrong at once. Code that judges the contents of the files
// which the configuration names appends to it, so that the operator gets one report.
type Faults []Fault

// Error is one report: a line each, in the order of the keys in the Config struct.
func (faults Faults) Error() string {
	sorted := slices.Clone(faults)
	sorted.sort()
	lines := make([]string, len(sorted))
	for i, f := range sorted {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// Err is the faults as an error, sorted like the report; nil if there is none.
func (faults Faults) Err() error {
	if len(faults) == 0 {
		return nil
	}
	sorted := slices.Clone(faults)
	sorted.sort()
	return sorted
}

func (faults *Faults) add(key, problem, fix string) {
	*faults = append(*faults, Fault{Key: key, Problem: problem, Fix: fix})
}

// on reports whether there is a fault on that key.
func (faults Faults) on(key string) bool {
	return slices.ContainsFunc(faults, func(f Fault) bool { return f.Key == key })
}

// in reports whether there is a fault on that key or on an entry of it.
func (faults Faults) in(key string) bool {
	return slices.ContainsFunc(faults, func(f Fault) bool { return f.Key == key || strings.HasPrefix(f.Key, key+"[") })
}

// sort puts faults in the order of the Config struct: those of the whole file first,
// unknown keys behind the known ones of their section, variables last.
func (faults Faults) sort() {
	slices.SortStableFunc(faults, func(a, b Fault) int {
		return cmp.Or(slices.Compare(position(a.Key), position(b.Key)), cmp.Compare(a.Key, b.Key))
	})
}

// position is the place of a key among those of a front, or else among those of a relay agent.
func position(key string) []int {
	front, agent := schema(), agentSchema()
	at := front.position(key)
	if len(at) > 0 && at[0] == len(front.fields) {
		return append(at[:1], agent.position(key)...)
	}
	return at
}
