package config

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// TestEveryKeyIsDescribed: help, and for what is counted a default and bounds around it. Texts that are
// printed and not parsed are as the parser would print them.
func TestEveryKeyIsDescribed(t *testing.T) {
	schema().walk(func(f *field) {
		if len(f.help()) == 0 || f.help()[0] == "" {
			t.Errorf("%s has no comment in config.go", f.path)
		}
		counted := f.kind == number || f.kind == duration || f.kind == fraction
		if counted && (!f.bounded || f.max <= f.min || f.defaultText() == "") {
			t.Errorf("%s is %v, its default %q, its bounds %s", f.path, f.kind, f.defaultText(), f.bounds())
		}
		if f.kind == duration {
			for _, text := range []string{f.defaultText(), f.tag.Get("min"), f.tag.Get("max")} {
				if d, err := time.ParseDuration(text); err != nil || printDuration(d) != text {
					t.Errorf("%s: %q is printed as %s, %v", f.path, text, printDuration(d), err)
				}
			}
		}
		if f.inList() && f.kind != text && f.kind != flag && f.kind != valueList {
			t.Errorf("%s: an entry of a list has no key of the kind %v yet", f.path, f.kind)
		}
	})
}

// TestTagsAreKnown: a misspelt tag would be ignored.
func TestTagsAreKnown(t *testing.T) {
	known := strings.Fields("key default first min max choices required secret empty file missing own")
	schema().walk(func(f *field) {
		for _, m := range regexp.MustCompile(`(\w+):"`).FindAllStringSubmatch(string(f.tag), -1) {
			if !slices.Contains(known, m[1]) {
				t.Errorf("%s has the tag %s, which means nothing", f.path, m[1])
			}
		}
	})
}

// TestLongestTexts holds what config.go says of the longest names to the specification and the wire.
func TestLongestTexts(t *testing.T) {
	longest := make(map[string]int64)
	schema().leaves(func(f *field) { longest[f.path] = f.max })
	for path, want := range map[string]int64{
		"broker_id": 10, "vendor_id": regulation.MaxVendorIDLen, "keys[].version": regulation.MaxKeyVersion, "system_name": 40,
		"limits.body_before_auth": 4096,
	} {
		if longest[path] != want {
			t.Errorf("%s: at most %d, want %d", path, longest[path], want)
		}
	}
}

// TestVariablesAreUnique: two leaves with one variable would make an override a matter of luck.
func TestVariablesAreUnique(t *testing.T) {
	leaves := 0
	schema().leaves(func(f *field) {
		if !f.inList() {
			leaves++
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
		got := Closest(c.name, words)
		if got != c.want {
			t.Errorf("Closest(%q) = %q, want %q", c.name, got, c.want)
		}
	}
}
