package config

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// WriteDefaults prints the default configuration as YAML, each key with its comment and bounds,
// and with a line where reloaded says that a reload takes the key over (see NeedRestart). Loaded
// again it gives Default.
func WriteDefaults(w io.Writer, reloaded func(path string) bool) error {
	p := &printer{reloaded: reloaded}
	p.WriteString("# tradefront configuration. Every key is shown with its default; what is left out keeps it.\n" +
		"#\n" +
		"# Each can be overridden by an environment variable: TRADEFRONT_ and the key's path in\n" +
		"# capitals, with _ for the dots: TRADEFRONT_FRONT_ID, TRADEFRONT_KEYS_0_VERSION.\n" +
		"# Times have a unit: 200ms, 30s, 12h. Paths are relative to this file's folder.\n")
	p.section(schema(), reflect.ValueOf(Default()), "")
	_, err := w.Write(p.Bytes())
	return err
}

// Defaults is what WriteDefaults writes, without the lines about a reload.
func Defaults() string {
	var b strings.Builder
	_ = WriteDefaults(&b, func(string) bool { return false }) // a Builder never fails
	return b.String()
}

type printer struct {
	bytes.Buffer
	reloaded func(path string) bool
}

func (p *printer) section(f *field, v reflect.Value, indent string) {
	for i := range f.fields {
		c := &f.fields[i]
		value := v.Field(c.index)
		if indent == "" || c.shape == section && i > 0 {
			p.WriteByte('\n')
		}
		p.comment(c, indent)
		switch c.shape {
		case section:
			fmt.Fprintf(p, "%s%s:\n", indent, c.name)
			p.section(c, value, indent+"  ")
		case list:
			fmt.Fprintf(p, "%s%s:\n", indent, c.name)
			p.list(c, value, indent+"  ")
		default:
			fmt.Fprintf(p, "%s%s: %s\n", indent, c.name, printed(value))
		}
	}
}

// list prints the entries; each begins with a dash alone, so that comments can follow.
func (p *printer) list(f *field, v reflect.Value, indent string) {
	for i := range v.Len() {
		fmt.Fprintf(p, "%s-\n", indent)
		p.section(f, v.Index(i), indent+"  ")
	}
}

func (p *printer) comment(f *field, indent string) {
	e := manual[f.path]
	text := e.words
	if len(e.choices) > 0 {
		text += "\nOne of: " + strings.Join(e.choices, ", ") + "."
	}
	if b := e.bounds(); b != "" {
		text += "\nFrom " + b + "."
	}
	if p.reloaded(f.path) {
		text += "\nSIGHUP takes a change over."
	}
	for line := range strings.SplitSeq(text, "\n") {
		fmt.Fprintf(p, "%s# %s\n", indent, line)
	}
}

func printed(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return printSpan(x)
	case string:
		return strconv.Quote(x) // the same form as YAML's for the plain texts of Default
	case []string:
		quoted := make([]string, len(x))
		for i := range x {
			quoted[i] = strconv.Quote(x[i])
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	case []int32:
		return strings.ReplaceAll(fmt.Sprint(x), " ", ", ")
	default:
		return fmt.Sprint(x)
	}
}
