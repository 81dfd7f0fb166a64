package config

import (
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
)

// field is one key, or a section or a list of sections, as config.go describes it.
type field struct {
	name     string // "address"
	path     string // "front.listeners[].address"; "" for the whole
	kind     kind
	goType   reflect.Type
	tag      reflect.StructTag
	index    int    // of the struct field in its struct
	owner    string // the struct's name; with the field's, it names the help
	goName   string
	element  *field // of a list of values: an entry
	bounded  bool   // it has min and max
	min, max int64
	fields   []field
}

// schema is the tree of all keys. It never changes.
var schema = sync.OnceValue(func() *field {
	return &field{kind: section, fields: fieldsOf(reflect.TypeFor[Config](), "")}
})

func fieldsOf(t reflect.Type, prefix string) []field {
	fields := make([]field, t.NumField())
	for i := range fields {
		s := t.Field(i)
		name := s.Tag.Get(keyTag)
		fields[i] = field{
			name: name, path: prefix + name, goType: s.Type, tag: s.Tag, index: i, owner: t.Name(), goName: s.Name,
		}
		fields[i].complete()
	}
	return fields
}

// keyTag is the tag under which config.go writes the name of a key.
const keyTag = "key"

// complete panics at a mistake in config.go, which every test meets.
func (f *field) complete() {
	leaf, isLeaf := leafTypes[f.goType]
	switch {
	case isLeaf && leaf.element != nil:
		f.kind = leaf.kind
		f.element = &field{name: f.name, path: f.path, kind: leafTypes[leaf.element].kind, goType: leaf.element, tag: f.tag}
	case isLeaf:
		f.kind = leaf.kind
	case f.goType.Kind() == reflect.Struct:
		f.kind, f.fields = section, fieldsOf(f.goType, f.path+".")
	case f.goType.Kind() == reflect.Slice && f.goType.Elem().Kind() == reflect.Struct:
		f.kind, f.fields = list, fieldsOf(f.goType.Elem(), f.path+"[].")
	default:
		panic("config: no kind of key has the type " + f.goType.String())
	}
	if high, ok := f.tag.Lookup("max"); ok {
		f.bounded, f.max = true, f.number(high)
		if low, ok := f.tag.Lookup("min"); ok {
			f.min = f.number(low)
		}
	}
	if f.leaf() {
		f.defaultValue()
	}
}

// number is a bound from a tag: of a time in nanoseconds, of a text in bytes, of a fraction in fractionScale.
func (f *field) number(text string) int64 {
	if f.kind == duration {
		return int64(f.mustParse(text).(time.Duration))
	}
	if f.kind == fraction {
		return scaled(f.mustParse(text).(float64))
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic("config: " + f.path + ": " + err.Error())
	}
	return n
}

// scaled is a fraction as bounds count it.
func scaled(n float64) int64 { return int64(math.Round(n / fractionScale)) }

// defaultText is the default of a leaf as it is written in a file, without quotes.
func (f *field) defaultText() string { return f.tag.Get("default") }

// firstText is what the one entry of a default list has.
func (f *field) firstText() string {
	if text, ok := f.tag.Lookup("first"); ok {
		return text
	}
	return f.defaultText()
}

func (f *field) defaultValue() any { return f.mustParse(f.defaultText()) }

func (f *field) mustParse(text string) any {
	value, problem := f.parse(text)
	if problem != "" {
		panic("config: " + f.path + " " + problem)
	}
	return value
}

// entry is an entry of a list of sections, with the value of each leaf from its text.
func (f *field) entry(text func(*field) string) map[string]any {
	m := make(map[string]any, len(f.fields))
	for i := range f.fields {
		c := &f.fields[i]
		m[c.name] = c.mustParse(text(c))
	}
	return m
}

// defaults are the default values below f, as the layers hold them.
func (f *field) defaults() map[string]any {
	m := make(map[string]any, len(f.fields))
	for i := range f.fields {
		switch c := &f.fields[i]; c.kind {
		case section:
			m[c.name] = c.defaults()
		case list:
			m[c.name] = []any{c.entry((*field).firstText)}
		default:
			m[c.name] = c.defaultValue()
		}
	}
	return m
}

func (f *field) choices() []string {
	if all := f.tag.Get("choices"); all != "" {
		return strings.Split(all, ",")
	}
	return nil
}

func (f *field) secret() bool     { return f.tag.Get("secret") != "" }
func (f *field) written() bool    { return f.tag.Get("file") == "written" }
func (f *field) private() bool    { return f.tag.Get("file") == "private" }
func (f *field) mayBeEmpty() bool { return f.tag.Get("empty") != "" }
func (f *field) inList() bool     { return strings.Contains(f.path, "[]") }
func (f *field) leaf() bool       { return f.kind != section && f.kind != list }

// child is the key of that name in a section or in a list's entries, nil if there is none.
func (f *field) child(name string) *field {
	for i := range f.fields {
		if f.fields[i].name == name {
			return &f.fields[i]
		}
	}
	return nil
}

// walk calls visit for every key below f, sections and lists included, in the order of config.go.
func (f *field) walk(visit func(*field)) {
	for i := range f.fields {
		visit(&f.fields[i])
		f.fields[i].walk(visit)
	}
}

// leaves calls visit for every leaf below f.
func (f *field) leaves(visit func(*field)) {
	f.walk(func(c *field) {
		if c.leaf() {
			visit(c)
		}
	})
}

// values calls visit for every leaf of the configuration in v, those of a list once an entry. key is
// the leaf's path with the number of the entry.
func (f *field) values(v reflect.Value, prefix string, visit func(f *field, key string, v reflect.Value)) {
	for i := range f.fields {
		c := &f.fields[i]
		key, value := join(prefix, c.name), v.Field(c.index)
		switch c.kind {
		case section:
			c.values(value, key, visit)
		case list:
			for i := range value.Len() {
				c.values(value.Index(i), entryKey(key, i), visit)
			}
		default:
			visit(c, key, value)
		}
	}
}

func entryKey(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// position is the place of a key among all keys, for sorting: the index at each level, and after a
// part that is unknown a number behind all that are known.
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
