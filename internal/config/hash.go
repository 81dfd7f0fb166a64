package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"sync"
)

// Hash is the SHA-256, in hexadecimal, of what the fronts of a firm have in common: two fronts that differ in it run different
// settings. One function makes it for the heartbeat, the status page, `config check` and the load test's report.
//
// It is taken over one line for each key whose value is not the default, so that a key that a newer program adds does not change
// it, and for each key of a list's entries. Left out are keys that belong to one front (tag own), names of files and secrets.
func (c *Config) Hash() string {
	usual := usualValues()
	sum := sha256.New()
	schema().hashed(*c, func(f *field, key, value string) {
		if f.inList() || value != usual[key] {
			fmt.Fprintf(sum, "%s: %s\n", key, value)
		}
	})
	return hex.EncodeToString(sum.Sum(nil))
}

// usualValues are the defaults of the keys that Hash is made of.
var usualValues = sync.OnceValue(func() map[string]string {
	usual := make(map[string]string)
	schema().hashed(Default(), func(_ *field, key, value string) { usual[key] = value })
	return usual
})

// hashed calls visit for every leaf that Hash is made of.
func (f *field) hashed(c Config, visit func(f *field, key, value string)) {
	f.values(reflect.ValueOf(c), "", func(f *field, key string, v reflect.Value) {
		if f.common() {
			visit(f, key, f.shown(v))
		}
	})
}

// common says that the key has the same value in all fronts of a firm, as they are meant to be.
func (f *field) common() bool {
	return f.tag.Get("own") == "" && !f.secret() && !f.written() && f.goType != reflect.TypeFor[File]()
}

// TakeOver is c with the values of next of each key that a reload takes over: what is in force after it. Neither is changed.
// reloaded is as in NeedRestart. A list of which a reload takes over some keys keeps all of its own where the rest of it changed:
// its entries may be others.
func (c *Config) TakeOver(next *Config, reloaded func(path string) bool) *Config {
	after := *c
	takeOver(schema(), reflect.ValueOf(&after).Elem(), reflect.ValueOf(*next), reloaded)
	return &after
}

func takeOver(f *field, after, next reflect.Value, reloaded func(string) bool) {
	for i := range f.fields {
		c := &f.fields[i]
		a, b := after.Field(c.index), next.Field(c.index)
		switch {
		case reloaded(c.path):
			a.Set(b)
		case c.kind == section:
			takeOver(c, a, b, reloaded)
		case c.kind == list && !listChanged(c, a, b, reloaded):
			a.Set(b)
		}
	}
}
