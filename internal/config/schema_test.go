package config

import (
	"reflect"
	"strings"
	"testing"
)

// The manual and the struct must name the same keys: what is printed is what is read.
func TestManualMatchesStruct(t *testing.T) {
	left := make(map[string]bool)
	for path := range manual {
		left[path] = true
	}
	schema().walk(func(f *field) {
		if strings.TrimSpace(manual[f.path].words) == "" {
			t.Errorf("%s has no words in the manual", f.path)
		}
		if f.shape == list {
			blank(f) // panics at a shape that it does not know
		}
		e := manual[f.path]
		if bounded := f.shape == count || f.shape == span; bounded != (e.max > 0) || e.span != (f.shape == span) {
			t.Errorf("%s is %v, its bounds are %q", f.path, f.shape, e.bounds())
		}
		delete(left, f.path)
	})
	for path := range left {
		t.Errorf("the manual describes %s, which is no key", path)
	}
}

// Two leaves with one variable would make an override a matter of luck.
func TestVariablesAreUnique(t *testing.T) {
	leaves := 0
	schema().leaves(func(f *field) {
		leaves++
		if pattern, _ := splitEntry(strings.Replace(f.variable(), "*", "3", 1)); pattern != f.variable() {
			t.Errorf("%s reads back as %s", f.variable(), pattern)
		}
	})
	if n := len(variables(schema())); n != leaves {
		t.Errorf("%d leaves share %d variables", leaves, n)
	}
}

func TestPositionFollowsTheStruct(t *testing.T) {
	want := Faults{
		{Key: ""},
		{Key: "broker_id"},
		{Key: "front.id"},
		{Key: "front.listeners"},
		{Key: "front.listeners[2].address"},
		{Key: "front.listeners[10].address"},
		{Key: "front.zzz"},
		{Key: "admin.pprof"},
		{Key: "timers.drain"},
		{Key: "aaa"},
		{Key: "TRADEFRONT_X"},
	}
	got := make(Faults, 0, len(want))
	for i := range want {
		got = append(got, want[(i*7+3)%len(want)]) // 7 and 11 have no common factor
	}
	got.sort()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("sorted:\n%v\nwant:\n%v", got, want)
	}
}

func TestClosest(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"listner", "listeners"}, {"Listeners", "listeners"}, {"addrress", "address"}, {"id", "id"}, {"xx", ""}, {"", ""},
	} {
		words := []string{"listeners", "address", "id"}
		got := closest(c.name, words)
		if got != c.want {
			t.Errorf("closest(%q) = %q, want %q", c.name, got, c.want)
		}
	}
}
