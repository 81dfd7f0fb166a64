package config

import (
	"fmt"
	"io"
	"reflect"
	"strconv"
	"time"
)

// hiddenValue is printed in the place of a secret.
const hiddenValue = "(hidden)"

// WriteInForce prints each key with the value in force, one a line, as front.listeners[0].address: "127.0.0.1:41205". It
// never shows a secret; it prints addresses and names of files as they are.
func (c *Config) WriteInForce(w io.Writer) error {
	var err error
	schema().values(reflect.ValueOf(*c), "", func(f *field, key string, v reflect.Value) {
		if err == nil {
			_, err = fmt.Fprintf(w, "%s: %s\n", key, f.shown(v))
		}
	})
	return err
}

// shown is the value of a leaf for people.
func (f *field) shown(v reflect.Value) string {
	if f.secret() {
		if v.IsZero() {
			return `""`
		}
		return hiddenValue
	}
	switch value := v.Interface().(type) {
	case time.Duration:
		return printDuration(value)
	case time.Time:
		if value.IsZero() {
			return `""`
		}
		return value.Format(time.RFC3339)
	case fmt.Stringer:
		return strconv.Quote(value.String())
	}
	if f.kind == text {
		return strconv.Quote(fmt.Sprint(v.Interface()))
	}
	return fmt.Sprint(v.Interface())
}
