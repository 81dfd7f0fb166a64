package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/command/help"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/show"
)

// quietRoot is the tree of commands in a language that is made for these arguments, for tests that look at it.
func quietRoot(lang show.Language, args ...string) *cobra.Command {
	return newRoot(&command.Env{Out: io.Discard, Err: io.Discard, In: strings.NewReader(""), Lang: lang, Version: version}, args)
}

// commandAt is the command of that path, as "report day".
func commandAt(t *testing.T, path string) *cobra.Command {
	t.Helper()
	return commandIn(t, show.English, path)
}

func commandIn(t *testing.T, lang show.Language, path string) *cobra.Command {
	t.Helper()
	c, rest, err := quietRoot(lang).Find(strings.Fields(path))
	if err != nil || len(rest) > 0 {
		t.Fatal(path, rest, err)
	}
	return c
}

// commands are all that do something, with their path.
func commands(t *testing.T, f func(c *cobra.Command)) {
	t.Helper()
	root := quietRoot(show.English)
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		works := !c.HasSubCommands() || c.Flags().Lookup("config") != nil // a group only names its commands
		if works && !c.Hidden && c.RunE != nil {
			f(c)
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
}

// TestExamples: each help page has one, and each can be typed: the command is there, and takes those flags and arguments.
func TestExamples(t *testing.T) {
	seen := make(map[string]bool)
	commands(t, func(c *cobra.Command) {
		seen[command.NameOf(c)] = true
		if c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
			return
		}
		for line := range strings.Lines(strings.ReplaceAll(c.Example, "\\\n", " ")) {
			line = strings.TrimSpace(line)
			words, is := strings.CutPrefix(line, "tradefront ")
			if !is {
				continue // a comment, or the end of a pipe
			}
			words, _, _ = strings.Cut(words, " > ")
			words, _, _ = strings.Cut(words, " | ")
			tryExample(t, line, wordsOf(words))
		}
	})
	for path := range help.Examples {
		if !seen[path] {
			t.Errorf("there is an example of %q, which is no command", path)
		}
	}
}

var quoted = regexp.MustCompile(`"[^"]*"|'[^']*'|\S+`)

// wordsOf parts a line as a shell does, as far as examples need it.
func wordsOf(line string) []string {
	words := quoted.FindAllString(line, -1)
	for i := range words {
		words[i] = strings.Trim(words[i], `"'`)
	}
	return words
}

// tryExample takes a command line apart as cobra would, and runs nothing.
func tryExample(t *testing.T, line string, args []string) {
	t.Helper()
	c, rest, err := quietRoot(show.English).Find(args)
	if err != nil {
		t.Errorf("%s: %v", line, err)
		return
	}
	if err := c.ParseFlags(rest); err != nil {
		t.Errorf("%s: %v", line, err)
		return
	}
	for _, err := range []error{c.ValidateArgs(c.Flags().Args()), c.ValidateRequiredFlags(), c.ValidateFlagGroups()} {
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// A command finds its configuration where the environment says, or in its usual place.
func TestWhereTheConfigurationIs(t *testing.T) {
	newSite(t)
	there := config.FileVariable + "=" + filepath.Join(".", "tradefront.yaml")
	if got := tradefrontWith([]string{there}, "", "config", "check"); got.status != exitDone {
		t.Errorf("%+v", got)
	}
	if got := tradefrontWith([]string{config.FileVariable + "=nosuch.yaml"}, "", "config", "check", "-c", "tradefront.yaml"); got.status != exitDone {
		t.Errorf("the command line does not come first: %+v", got)
	}
	if got := tradefrontWith([]string{config.FileVariable + "=nosuch.yaml"}, "", "config", "check"); got.status != exitFailed || !strings.Contains(got.err, "nosuch.yaml") {
		t.Errorf("%+v", got)
	}
	if got := tradefrontWith([]string{there}, "", "calendar", "check", "--file", "calendar.yaml"); got.status != exitDone {
		t.Errorf("--file beside the variable: %+v", got)
	}
	if got := tradefrontWith([]string{config.AgentFileVariable + "=" + "nosuch.yaml"}, "", "relay", "check"); got.status != exitFailed || !strings.Contains(got.err, "nosuch.yaml") {
		t.Errorf("%+v", got)
	}
}

// TestTheUsualPlaceOfTheConfiguration: of every command that reads a configuration, where neither the command line nor the environment
// names one, and no file in its place.
func TestTheUsualPlaceOfTheConfiguration(t *testing.T) {
	there := filepath.Join(t.TempDir(), "tradefront.yaml")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	found := func(usual, line string) string {
		e := &command.Env{Out: io.Discard, Err: io.Discard}
		c, args, err := newRoot(e, nil).Find(strings.Fields(line))
		if err != nil {
			t.Fatal(err)
		}
		c.Flags().Lookup("config").Annotations[command.PlaceOfConfig][1] = usual
		if err := c.ParseFlags(args); err != nil {
			t.Fatal(err)
		}
		if err := e.FindConfig(c, c.Flags().Args()); err != nil {
			t.Fatal(err)
		}
		return c.Flags().Lookup("config").Value.String()
	}
	commands(t, func(c *cobra.Command) {
		if flag := c.Flags().Lookup("config"); flag != nil {
			if got := found(there, command.NameOf(c)); got != there {
				t.Errorf("`%s` without arguments takes %q", command.NameOf(c), got)
			}
			if got := found(there+".none", command.NameOf(c)); got != "" {
				t.Errorf("`%s`: %q is not there", command.NameOf(c), got)
			}
		}
	})
	for line, takes := range map[string]bool{
		"audit search audit.jsonl": false, "audit search --archive a.zip": false, "audit search --account 8": true,
		"explain 4CV33T": true, "explain 4CV33T audit.jsonl": false, "explain 4CV33T --audit audit.jsonl": false, "explain 4CV33T --archive a.zip": false,
		"relay report --day 20260105": true, "relay report --day 20260105 --audit a.jsonl": false, "relay report --day 20260105 a.jsonl": false,
		"report verify 0001clientinfo20260105.txt": true, "report merge a.txt b.txt c.txt --out d": true,
		"calendar check": true, "calendar show --day 20260105": true, "calendar check --file calendar.yaml": false,
	} {
		if got := found(there, line); (got == there) != takes {
			t.Errorf("`%s` takes %q", line, got)
		}
	}
	// One that others read is no default of a command that does without.
	if got := found(filepath.Dir(there), "report verify 0001clientinfo20260105.txt"); got != "" {
		t.Errorf("what cannot be read is the default: %q", got)
	}
}

// Completion and man pages come from the commands that there are.
func TestCompletionAndManual(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if got := tradefront("", "completion", shell); got.status != exitDone || len(got.out) < 1000 {
			t.Errorf("%s: %+v", shell, got)
		}
	}
	dir := t.TempDir()
	if got := tradefront("", "man", dir); got.status != exitDone {
		t.Fatalf("%+v", got)
	}
	page, err := os.ReadFile(filepath.Join(dir, "tradefront-report-day.1"))
	if err != nil || !strings.Contains(string(page), "可以报送") {
		t.Errorf("%v\n%s", err, page)
	}
	commands(t, func(c *cobra.Command) {
		if _, err := os.Stat(filepath.Join(dir, strings.ReplaceAll(c.CommandPath(), " ", "-")+".1")); err != nil {
			t.Error(err)
		}
	})
}

func TestVersionFlag(t *testing.T) {
	play(t, []step{{"--version", "", 0, "tradefront " + version + " (commit …", ""}})
}
