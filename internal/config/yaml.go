package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// readYAML turns the file into the tree of values that it sets. viper's own reader would
// lose what a strict reader needs: line numbers, keys that are written twice, and whether 0001
// was written with quotes.
func readYAML(root *field, data []byte) (map[string]any, Faults) {
	doc, problem := parseYAML(data)
	if problem != "" {
		return nil, Faults{{Problem: problem}}
	}
	r := &reader{root: root}
	return r.section(root, doc, ""), r.faults
}

func parseYAML(data []byte) (doc *yaml.Node, problem string) {
	if !utf8.Valid(data) {
		return nil, "the file is not valid UTF-8"
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var file yaml.Node
	if err := dec.Decode(&file); errors.Is(err, io.EOF) {
		return nil, "the file is empty"
	} else if err != nil {
		return nil, syntaxProblem(err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, "the file goes on after the first YAML document"
	}
	doc = file.Content[0]
	if doc.Kind == yaml.ScalarNode && doc.Tag == "!!null" {
		return nil, "the file is empty"
	}
	return doc, ""
}

// syntaxProblem keeps the line and the reason; the YAML reader's line can be that of the
// enclosing block, or one off. An unknown alias, which it names, could be a password that
// begins with *: it is not repeated.
func syntaxProblem(err error) string {
	s := strings.TrimPrefix(err.Error(), "yaml: ")
	if strings.Contains(s, "anchor") {
		s = "an alias (a value that begins with *) is not in quotes"
	}
	return "YAML: " + strings.Replace(s, "line ", "near line ", 1)
}

// reader walks the YAML beside the schema and collects faults.
type reader struct {
	root   *field
	faults Faults
}

func (r *reader) fault(key string, n *yaml.Node, problem, fix string) {
	r.faults.add(key, fmt.Sprintf("line %d: %s", n.Line, problem), fix)
}

// section reads a mapping. An empty one is allowed: all its keys may be commented out.
func (r *reader) section(f *field, n *yaml.Node, path string) map[string]any {
	if isNull(n) {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		r.fault(path, n, "want keys with values, not "+kindOf(n), "")
		return nil
	}
	values := make(map[string]any)
	lines := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		c := f.child(key.Value)
		if key.Kind != yaml.ScalarNode || c == nil {
			r.unknown(f, key, path)
			continue
		}
		full := join(path, c.name)
		if line, twice := lines[c.name]; twice {
			r.fault(full, key, fmt.Sprintf("is already on line %d", line), "remove one of the two")
			continue
		}
		lines[c.name] = key.Line
		if v := r.value(c, value, full); v != nil {
			values[c.name] = v
		}
	}
	return values
}

// value is what the node holds for the key; nil if it is a fault or an empty section.
func (r *reader) value(f *field, n *yaml.Node, path string) any {
	switch {
	case n.Kind == yaml.AliasNode:
		r.fault(path, n, "YAML aliases are not supported", "write the value out, in quotes if it begins with *")
	case f.kind == section:
		if m := r.section(f, n, path); m != nil {
			return m
		}
	case f.kind == pairs && n.Kind == yaml.MappingNode:
		return r.pairs(f, n, path)
	case f.kind == pairs:
		r.fault(path, n, "want a mapping, not "+kindOf(n), `write {"a": "b"}, or {} for none`)
	case f.kind != list && f.kind != valueList:
		return r.scalar(f, n, path)
	case n.Kind != yaml.SequenceNode:
		r.fault(path, n, "want a list, not "+kindOf(n), f.howToList())
	default:
		return r.list(f, n, path)
	}
	return nil
}

// list reads the entries. Each value is held to what one of its own would be.
func (r *reader) list(f *field, n *yaml.Node, path string) any {
	entries := make([]any, 0, len(n.Content))
	for i, entry := range n.Content {
		at := entryKey(path, i)
		if f.kind == list {
			m := f.entry((*field).defaultText)
			maps.Copy(m, r.section(f, entry, at))
			entries = append(entries, m)
			continue
		}
		value := r.value(f.element, entry, at)
		if value == nil && f.element.kind == text {
			value = "" // so that those behind it keep their numbers
		}
		if value != nil {
			entries = append(entries, value)
		}
	}
	return entries
}

// pairs reads a mapping of texts; its keys are values, and not names of ours.
func (r *reader) pairs(f *field, n *yaml.Node, path string) any {
	entries := make([]any, 0, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := r.value(f.element, n.Content[i], path)
		value := r.value(f.element, n.Content[i+1], path)
		if name != nil && value != nil {
			entries = append(entries, fmt.Sprintf("%v=%v", name, value))
		}
	}
	return entries
}

func (f *field) howToList() string {
	switch {
	case f.kind == list:
		return "begin each entry with - "
	case f.element.kind == number:
		return "write [1, 2], or [] for none"
	}
	return "write [a, b], or [] for none"
}

// scalar reads a leaf. A value without quotes that YAML takes for something else than was
// asked for is refused: broker_id: 0001 would become 1.
func (r *reader) scalar(f *field, n *yaml.Node, path string) any {
	switch {
	case isNull(n):
		r.fault(path, n, "has no value", `write a value ("" for none) or remove the line`)
		return nil
	case n.Kind != yaml.ScalarNode:
		r.fault(path, n, "want "+f.kind.String()+", not "+kindOf(n), "")
		return nil
	}
	tag := n.ShortTag()
	quoted := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	switch {
	// A plain 2026-01-31 is a timestamp to YAML; its text says all the same.
	case f.kind == text && tag != "!!str" && tag != "!!timestamp":
		r.fault(path, n, "is "+kindOf(n)+" without quotes, and may not mean what it shows", "put it in quotes"+example(f, n))
		return nil
	case (f.kind == number || f.kind == fraction || f.kind == flag) && quoted:
		r.fault(path, n, "is a text, want "+f.kind.String(), "remove the quotes")
		return nil
	}
	value, problem := f.parse(n.Value)
	if problem != "" {
		r.fault(path, n, problem+show(f, n.Value), "")
		return nil
	}
	return value
}

// unknown reports a key that does not exist. Only a name is repeated: a slip of the
// indentation can turn a password into a key.
func (r *reader) unknown(f *field, key *yaml.Node, path string) {
	if !isName(key.Value) {
		r.fault(path, key, "has a key that is no name", "check the indentation and the colons")
		return
	}
	r.fault(join(path, key.Value), key, "unknown key", suggestKey(r.root, f, key.Value))
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a section"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	case "!!null":
		return "nothing"
	}
	return "a text"
}

// show repeats a refused value, short and quoted. Secrets are texts, and texts are never shown.
func show(f *field, value string) string {
	if f.kind == text || len(value) > 40 {
		return ""
	}
	return fmt.Sprintf(": %q", value)
}

func example(f *field, n *yaml.Node) string {
	if f.secret() || !isName(n.Value) {
		return ""
	}
	return fmt.Sprintf(": %s: %q", f.name, n.Value)
}

// isName reports whether s looks like a key or a plain word, and may be repeated to people.
func isName(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, alphanumeric+"_.-") == ""
}
