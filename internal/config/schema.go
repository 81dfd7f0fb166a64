package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// shape is what a key holds.
type shape int

const (
	section shape = iota // a mapping of keys
	list                 // a list of sections
	text                 // a string
	count                // a whole number
	span                 // a time.Duration
	flag                 // true or false
	texts                // a list of strings
	counts               // a list of whole numbers
)

func (s shape) String() string {
	return [...]string{
		section: "a section", list: "a list", text: "a text", count: "a whole number",
		span: "a time with its unit", flag: "true or false", texts: "a list of texts", counts: "a list of whole numbers",
	}[s]
}

// field is one key of the Config struct. The struct is the only place where keys are
// written down; reading, environment, defaults and the order of faults follow from it.
type field struct {
	name   string // the key, "address"
	path   string // "front.listeners[].address": the entry of the manual; "" for the whole
	shape  shape
	bits   int  // of a count
	signed bool // of a count
	index  int  // of the struct field in its struct
	fields []field
}

// schema is the tree of all keys.
func schema() *field {
	root := &field{shape: section}
	root.fields = fieldsOf(reflect.TypeFor[Config](), "")
	return root
}

func fieldsOf(t reflect.Type, prefix string) []field {
	fields := make([]field, t.NumField())
	for i := range fields {
		name := t.Field(i).Tag.Get("mapstructure")
		fields[i] = fieldOf(t.Field(i).Type, name, prefix+name)
		fields[i].index = i
	}
	return fields
}

func fieldOf(t reflect.Type, name, path string) field {
	f := field{name: name, path: path}
	switch {
	case t == reflect.TypeFor[time.Duration]():
		f.shape = span
	case t.Kind() == reflect.Struct:
		f.shape, f.fields = section, fieldsOf(t, path+".")
	case t == reflect.TypeFor[[]string]():
		f.shape = texts
	case t == reflect.TypeFor[[]int32]():
		f.shape, f.bits, f.signed = counts, 32, true
	case t.Kind() == reflect.Slice:
		f.shape, f.fields = list, fieldsOf(t.Elem(), path+"[].")
	case t.Kind() == reflect.String:
		f.shape = text
	case t.Kind() == reflect.Bool:
		f.shape = flag
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int32:
		f.shape, f.bits, f.signed = count, t.Bits(), true
	case t.Kind() == reflect.Uint32:
		f.shape, f.bits = count, t.Bits()
	default:
		panic("config: no shape for a key of type " + t.String()) // a mistake in the Config struct
	}
	return f
}

// child is the key of that name in a section or in a list's entries, nil if there is none.
func (f *field) child(name string) *field {
	for i := range f.fields {
		if f.fields[i].name == name {
			return &f.fields[i]
		}
	}
	return nil
}

func (f *field) leaf() bool { return f.shape != section && f.shape != list }

// leaves calls visit for every leaf below f, in the order of the struct.
func (f *field) leaves(visit func(*field)) {
	for i := range f.fields {
		if c := &f.fields[i]; c.leaf() {
			visit(c)
		} else {
			c.leaves(visit)
		}
	}
}

// position is where a key stands in the struct, for sorting: the index at each level, and
// after a part that is not known, a number behind all that are.
func (f *field) position(key string) []int {
	if key == "" {
		return nil
	}
	if strings.HasPrefix(key, envPrefix) {
		return []int{len(f.fields) + 1}
	}
	var at []int
	for part := range strings.SplitSeq(key, ".") {
		name, entry, inList := strings.Cut(part, "[")
		c := f.child(name)
		if c == nil {
			return append(at, len(f.fields))
		}
		at = append(at, c.index)
		if i, err := strconv.Atoi(strings.TrimSuffix(entry, "]")); inList && err == nil {
			at = append(at, i)
		}
		f = c
	}
	return at
}

// parse reads the value of a leaf from its text, the same way from file and environment.
// The value has the type that decodes into the struct; problem is "" if all is well.
func (f *field) parse(s string) (value any, problem string) {
	switch f.shape {
	case text:
		return s, ""
	case flag:
		if s == "true" || s == "false" {
			return s == "true", ""
		}
		return nil, "is neither true nor false"
	case span:
		d, err := time.ParseDuration(s)
		if err != nil {
			return nil, "is not a time with its unit, as 30s, 200ms or 12h"
		}
		return d, ""
	case count:
		return f.parseCount(s)
	case texts:
		return splitTexts(s), "" // from the environment: with commas between
	case counts:
		return f.parseCounts(splitTexts(s))
	}
	panic("config: parse of " + f.shape.String()) // callers ask for leaves only
}

func splitTexts(s string) []string {
	var all []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

func (f *field) parseCounts(parts []string) (value any, problem string) {
	var all []int32
	for _, part := range parts {
		n, problem := f.parseCount(part)
		if problem != "" {
			return nil, problem
		}
		all = append(all, int32(n.(int64)))
	}
	return all, ""
}

// parseCount takes plain decimal only: YAML reads 010 as 8 and 0x10 as 16, people differ.
func (f *field) parseCount(s string) (value any, problem string) {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" || len(digits) > 1 && digits[0] == '0' {
		return nil, "is not a plain decimal whole number"
	}
	var err error
	if f.signed {
		value, err = strconv.ParseInt(s, 10, f.bits)
	} else {
		value, err = strconv.ParseUint(s, 10, f.bits)
	}
	if err != nil {
		return nil, fmt.Sprintf("does not fit into %d bits", f.bits)
	}
	return value, ""
}
