package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// settler turns the layered values, which are as they were written, into those of the Config struct:
// it holds them to their bounds and choices, and reads each text into its type. Nobody reads a text of
// the configuration after it.
type settler struct {
	folder, credentials string
	faults              Faults
}

// section is the settled values of a section or of an entry of a list.
func (s *settler) section(f *field, written map[string]any, path string) map[string]any {
	settled := make(map[string]any, len(f.fields))
	for i := range f.fields {
		c := &f.fields[i]
		key, value := join(path, c.name), written[c.name]
		switch c.kind {
		case section:
			settled[c.name] = s.section(c, value.(map[string]any), key)
		case list:
			entries := slices.Clone(value.([]any))
			for i := range entries {
				entries[i] = s.section(c, entries[i].(map[string]any), entryKey(key, i))
			}
			settled[c.name] = entries
		default:
			settled[c.name] = s.leaf(c, value, place{key, s.folder, s.credentials})
		}
	}
	return settled
}

// leaf is the value of a leaf. One with a fault is as it was written if its type allows that, else what
// of it is good, which may be nothing.
func (s *settler) leaf(f *field, written any, at place) any {
	if written == "" && f.inList() {
		written = f.defaultValue()
	}
	faults := f.judge(written)
	read := f.reader()
	switch {
	case read == nil:
	case len(faults) > 0 || written == "" && f.mayBeEmpty():
		written = reflect.Zero(f.goType).Interface()
	default:
		written, faults = read(written, at)
	}
	s.add(at.key, faults)
	return written
}

func (s *settler) add(key string, faults Faults) {
	for _, f := range faults {
		f.Key = key + f.Key
		s.faults = append(s.faults, f)
	}
}

// judge holds a value to what config.go says of its key.
func (f *field) judge(written any) Faults {
	switch v := written.(type) {
	case string:
		return f.judgeText(v)
	case []string, []int32, bool:
		return nil
	case time.Duration:
		return f.judgeNumber(int64(v), printDuration(v))
	default:
		n := reflect.ValueOf(v).Convert(reflect.TypeFor[int64]()).Int()
		return f.judgeNumber(n, fmt.Sprint(n))
	}
}

func (f *field) judgeNumber(n int64, shown string) Faults {
	if !f.bounded || n >= f.min && n <= f.max {
		return nil
	}
	return Faults{{Problem: fmt.Sprintf("is %s, want %s", shown, f.bounds())}}
}

// bounds is "1 to 1024".
func (f *field) bounds() string { return f.tag.Get("min") + " to " + f.tag.Get("max") }

func (f *field) judgeText(s string) Faults {
	choices := f.choices()
	switch {
	case len(choices) > 0 && !slices.Contains(choices, s) && !(s == "" && f.inList()):
		problem := "want " + strings.Join(choices, " or ")
		if best := closest(s, choices); best != "" {
			problem += fmt.Sprintf("; did you mean %s?", best)
		}
		return Faults{{Problem: problem}}
	case f.tag.Get("required") != "":
		return identityFaults(s, int(f.max), f.tag.Get("required"))
	case f.bounded && s != "":
		return shownFaults(s, int(f.max))
	}
	return nil
}
