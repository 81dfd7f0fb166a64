package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settler turns the layered values, which are as they were written, into those of the Config struct:
// it holds them to their bounds and choices, and reads each text into its type.
type settler struct {
	folder, credentials string
	faults              Faults
}

// section settles the keys below f into a struct.
func (s *settler) section(f *field, written map[string]any, path string, into reflect.Value) {
	for i := range f.fields {
		c := &f.fields[i]
		key, value, target := join(path, c.name), written[c.name], into.Field(c.index)
		switch c.kind {
		case section:
			s.section(c, value.(map[string]any), key, target)
		case list:
			entries := value.([]any)
			target.Set(reflect.MakeSlice(c.goType, len(entries), len(entries)))
			for i, entry := range entries {
				s.section(c, entry.(map[string]any), entryKey(key, i), target.Index(i))
			}
		default:
			s.leaf(c, value, place{key, s.folder, s.credentials}, target)
		}
	}
}

// leaf settles one value. One with a fault is as it was written if its type allows that, else what
// of it is good, which may be nothing.
func (s *settler) leaf(f *field, written any, at place, into reflect.Value) {
	if written == "" && f.inList() {
		written = f.defaultValue()
	}
	faults := f.judge(written)
	read := f.reader()
	switch {
	case read == nil && f.kind == valueList:
		for _, value := range written.([]any) {
			into.Set(reflect.Append(into, reflect.ValueOf(value)))
		}
	case read == nil:
		into.Set(reflect.ValueOf(written))
	case len(faults) == 0 && !(written == "" && f.mayBeEmpty()):
		var value any
		value, faults = read(written, at)
		into.Set(reflect.ValueOf(value))
	}
	for _, fault := range faults {
		fault.Key = at.key + fault.Key
		s.faults = append(s.faults, fault)
	}
}

// judge holds a value to what config.go says of its key.
func (f *field) judge(written any) Faults {
	switch v := written.(type) {
	case string:
		return f.judgeText(v)
	case []any, bool:
		return nil
	case time.Duration:
		return f.judgeNumber(int64(v), printDuration(v))
	case float64:
		return f.judgeNumber(scaled(v), strconv.FormatFloat(v, 'f', -1, 64))
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
	case len(choices) > 0 && !slices.Contains(choices, s):
		problem := "want " + strings.Join(choices, " or ")
		if best := Closest(s, choices); best != "" {
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
