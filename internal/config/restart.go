package config

import (
	"reflect"
)

// NeedRestart lists the keys in which next differs from c and that a reload does not take over, in
// the order of the Config struct. A list counts as one key. reloaded says whether a reload takes
// over the key of a path, as "limits.refusals", "limits.penalties" (with all that is in it) or
// "front.listeners[].trusted_proxies".
//
// The contents of the files that the configuration names are not compared.
func (c *Config) NeedRestart(next *Config, reloaded func(path string) bool) []string {
	return changed(schema(), reflect.ValueOf(*c), reflect.ValueOf(*next), reloaded)
}

// HasKey reports whether there is a key, a section or a list of that path.
func HasKey(path string) bool {
	found := false
	schema().walk(func(f *field) { found = found || f.path == path })
	return found
}

func changed(f *field, old, next reflect.Value, reloaded func(string) bool) (paths []string) {
	for i := range f.fields {
		c := &f.fields[i]
		a, b := old.Field(c.index), next.Field(c.index)
		switch {
		case reloaded(c.path):
		case c.kind == section:
			paths = append(paths, changed(c, a, b, reloaded)...)
		case c.kind == list:
			if listChanged(c, a, b, reloaded) {
				paths = append(paths, c.path)
			}
		case !reflect.DeepEqual(a.Interface(), b.Interface()):
			paths = append(paths, c.path)
		}
	}
	return paths
}

func listChanged(f *field, old, next reflect.Value, reloaded func(string) bool) bool {
	if old.Len() != next.Len() {
		return true
	}
	for i := range old.Len() {
		if len(changed(f, old.Index(i), next.Index(i), reloaded)) > 0 {
			return true
		}
	}
	return false
}
