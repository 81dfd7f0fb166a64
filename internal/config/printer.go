package config

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// WriteDefaults prints the default configuration as YAML, each key with its comment and bounds,
// and with a line where reloaded says that a reload takes the key over (see NeedRestart). Loaded
// again it gives Default.
func WriteDefaults(w io.Writer, reloaded func(path string) bool) error {
	return writeDefaults(w, schema(), "configuration", reloaded)
}

// WriteAgentDefaults is WriteDefaults of a relay agent's configuration.
func WriteAgentDefaults(w io.Writer, reloaded func(path string) bool) error {
	return writeDefaults(w, agentSchema(), "relay agent's configuration", reloaded)
}

func writeDefaults(w io.Writer, root *field, what string, reloaded func(path string) bool) error {
	p := &printer{reloaded: reloaded}
	p.WriteString("# tradefront " + what + ". Every key is shown with its default; what is left out keeps it.\n" +
		"#\n" +
		"# Each can be overridden by an environment variable: TRADEFRONT_ and the key's path in\n" +
		"# capitals, with _ for the dots: TRADEFRONT_FRONT_ID. Those in the entries of a list cannot.\n" +
		"# Times have a unit: 200ms, 30s, 12h. Paths are relative to this file's folder.\n")
	p.section(root, (*field).defaultText, "")
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

// section prints the keys below f, each leaf with the value that text gives.
func (p *printer) section(f *field, text func(*field) string, indent string) {
	for i := range f.fields {
		c := &f.fields[i]
		if indent == "" || c.kind == section && i > 0 {
			p.WriteByte('\n')
		}
		p.comment(c, indent)
		switch c.kind {
		case section:
			fmt.Fprintf(p, "%s%s:\n", indent, c.name)
			p.section(c, text, indent+"  ")
		case list: // its entry begins with a dash alone, so that comments can follow
			fmt.Fprintf(p, "%s%s:\n%s  -\n", indent, c.name, indent)
			p.section(c, (*field).firstText, indent+"    ")
		default:
			fmt.Fprintf(p, "%s%s: %s\n", indent, c.name, c.yaml(text(c)))
		}
	}
}

func (p *printer) comment(f *field, indent string) {
	lines := slices.Clone(f.help())
	if all := f.choices(); len(all) > 0 {
		lines = append(lines, "One of: "+strings.Join(all, ", ")+".")
	}
	if f.bounded && f.kind != text {
		lines = append(lines, "From "+f.bounds()+".")
	}
	if p.reloaded(f.path) {
		lines = append(lines, "SIGHUP takes a change over.")
	}
	for _, line := range lines {
		fmt.Fprintf(p, "%s# %s\n", indent, line)
	}
}

// yaml is the default value of a leaf, as a file has it.
func (f *field) yaml(value string) string {
	switch f.kind {
	case text:
		return strconv.Quote(value) // the same form as YAML's, for the plain texts of config.go
	case valueList:
		return "[" + value + "]"
	case pairs:
		return "{" + value + "}" // config.go has no default with an entry
	}
	return value
}
