package main

import (
	"testing"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/show"
)

// TestACommandMadeAloneIsAsAmongAll: its help and those of all below it are the same, and no other command is made.
func TestACommandMadeAloneIsAsAmongAll(t *testing.T) {
	t.Parallel()
	for _, lang := range []show.Language{show.English, show.Chinese} {
		all := ours(quietRoot(lang))
		if len(all) != len(subcommands) {
			t.Fatalf("%d commands of %d", len(all), len(subcommands))
		}
		for name, among := range all {
			alone := ours(quietRoot(lang, name, "help"))
			if name != manual && len(alone) != 1 {
				t.Errorf("%s is made with %d commands: is it in subcommands under another name?", name, len(alone))
			}
			sameHelp(t, alone[name], among)
		}
	}
}

// TestAllCommandsAreMadeUnlessOneIsNamedFirst: help, completion, a mistyped name and a flag before the name are about all of them.
func TestAllCommandsAreMadeUnlessOneIsNamedFirst(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {""}, {"--help"}, {"help", "serve"}, {manual, "pages"}, {"verson"}, {"--lang", "zh", "serve"}, {cobra.ShellCompRequestCmd, ""}} {
		if made := ours(quietRoot(show.English, args...)); len(made) != len(subcommands) {
			t.Errorf("%q: %d commands of %d", args, len(made), len(subcommands))
		}
	}
}

// ours are the root's commands by name, without help and completion, which cobra adds.
func ours(root *cobra.Command) map[string]*cobra.Command {
	made := map[string]*cobra.Command{}
	for _, c := range root.Commands() {
		if name := c.Name(); name != "help" && name != "completion" {
			made[name] = c
		}
	}
	return made
}

func sameHelp(t *testing.T, alone, among *cobra.Command) {
	t.Helper()
	if command.NameOf(alone) != command.NameOf(among) || len(alone.Commands()) != len(among.Commands()) {
		t.Fatalf("%s with %d commands, among all %s with %d", command.NameOf(alone), len(alone.Commands()), command.NameOf(among), len(among.Commands()))
	}
	alone.InitDefaultHelpFlag()
	among.InitDefaultHelpFlag()
	if got, want := alone.Long+alone.UsageString(), among.Long+among.UsageString(); got != want {
		t.Errorf("%s alone:\n%s\namong all:\n%s", command.NameOf(among), got, want)
	}
	for i, sub := range among.Commands() {
		sameHelp(t, alone.Commands()[i], sub)
	}
}
