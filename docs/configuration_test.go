package docs

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/daemon"
)

var update = flag.Bool("update", false, "write configuration.md")

const configurationHead = `# Configuration: every key

` + "`go test ./docs -run TestConfigurationPage -update`" + ` makes this page from ` + "`internal/config/config.go`" + `: change keys there.
[operations.md](operations.md#configuration) explains the choices that matter.

An environment variable overrides a key: ` + "`TRADEFRONT_` and the key in capitals, with `_`" + ` for the dots, as
` + "`TRADEFRONT_LIMITS_REFUSALS`" + `. Keys in the entries of a list (` + "`keys[]`, `front.listeners[]`" + `) have no variable; the default
shown for them is that of the one entry of the default list. Times have a unit: 200ms, 30s, 12h. Where SIGHUP says
yes, a reload takes a change over; every other change waits for a restart.

| key | default | allowed | SIGHUP | what |
|---|---|---|---|---|
`

// TestConfigurationPage holds the page to what `config defaults` prints.
func TestConfigurationPage(t *testing.T) {
	var defaults strings.Builder
	if err := config.WriteDefaults(&defaults, daemon.Reloads); err != nil {
		t.Fatal(err)
	}
	var file yaml.Node
	if err := yaml.Unmarshal([]byte(defaults.String()), &file); err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	page.WriteString(configurationHead)
	configurationRows(&page, file.Content[0], "", false)
	if *update {
		if err := os.WriteFile("configuration.md", []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if read(t, "configuration.md") != page.String() {
		t.Error("configuration.md is not that of the program; run: go test ./docs -run TestConfigurationPage -update")
	}
}

// inWords are defaults as the handbook writes them.
var inWords = map[string]string{"none": "[]", "64 GiB": fmt.Sprint(64 << 30), "256 MiB": fmt.Sprint(256 << 20)}

// TestOperationsQuotesDefaults holds the defaults that the handbook repeats to those of the program.
func TestOperationsQuotesDefaults(t *testing.T) {
	defaults := make(map[string]string)
	for _, row := range tablesOf(t, "configuration.md")[0] {
		defaults[strings.Trim(row[0], "`")] = strings.Trim(row[1], "`\"")
	}
	checked := 0
	for _, table := range tablesOf(t, "operations.md") {
		for _, row := range table {
			keys := strings.Split(strings.ReplaceAll(row[0], "`", ""), ", ")
			if _, isKey := defaults[keys[0]]; !isKey || !strings.Contains(keys[0], ".") { // front and keys are checks of /readyz too
				continue
			}
			quoted := strings.Split(strings.ReplaceAll(row[1], "`", ""), ", ")
			for i, key := range keys {
				if len(keys) != len(quoted) {
					t.Fatalf("operations.md: %q has the defaults %q", keys, quoted)
				}
				value, _, _ := strings.Cut(strings.ReplaceAll(quoted[i], ",", ""), ": ")
				if written, ok := inWords[value]; ok {
					value = written
				}
				if value != "" && value != defaults[key] {
					t.Errorf("operations.md: the default of %s is %s, not %s", key, defaults[key], quoted[i])
				}
				checked++
			}
		}
	}
	if checked < 20 {
		t.Errorf("operations.md has %d keys with their defaults", checked)
	}
}

// configurationRows writes a row for each key of a section; reloaded: a reload takes over the whole section.
func configurationRows(page *strings.Builder, section *yaml.Node, prefix string, reloaded bool) {
	for i := 0; i < len(section.Content); i += 2 {
		key, value := section.Content[i], section.Content[i+1]
		path, inside := prefix+key.Value, value
		row := configurationRow{reloaded: reloaded}
		row.read(key.HeadComment)
		if value.Kind == yaml.SequenceNode && len(value.Content) > 0 {
			inside = value.Content[0]
		}
		if inside.Kind != yaml.MappingNode {
			row.value = configurationValue(value)
		}
		fmt.Fprintf(page, "| `%s` | %s | %s | %s | %s |\n", path, row.value, row.allowed, map[bool]string{true: "yes"}[row.reloaded], row.help)
		switch {
		case inside != value:
			configurationRows(page, inside, path+"[].", row.reloaded)
		case value.Kind == yaml.MappingNode:
			configurationRows(page, value, path+".", row.reloaded)
		}
	}
}

type configurationRow struct {
	value, allowed, help string
	reloaded             bool
}

// read takes the comment above a key apart.
func (r *configurationRow) read(comment string) {
	var help []string
	for line := range strings.SplitSeq(comment, "\n") {
		line = strings.TrimPrefix(line, "# ")
		bounds, bounded := strings.CutPrefix(line, "From ")
		words, chosen := strings.CutPrefix(line, "One of: ")
		switch {
		case line == "SIGHUP takes a change over.":
			r.reloaded = true
		case bounded && strings.Contains(bounds, " to ") && bounds[0] >= '0' && bounds[0] <= '9':
			r.allowed = strings.TrimSuffix(bounds, ".")
		case chosen:
			r.allowed = strings.TrimSuffix(words, ".")
		default:
			help = append(help, line)
		}
	}
	r.help = strings.ReplaceAll(strings.Join(help, " "), "|", `\|`)
}

func configurationValue(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.SequenceNode:
		return "`[]`"
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return "`\"" + n.Value + "\"`"
	}
	return "`" + n.Value + "`"
}
