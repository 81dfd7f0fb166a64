package main

import (
	"encoding/json"
	"maps"
	"runtime"
	"testing"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
)

// Misuse is exit status 2, nothing on standard output, and a hint where to look.
func TestMisuse(t *testing.T) {
	t.Chdir(t.TempDir())
	play(t, []step{
		{"nosuch", "", 2, "", "tradefront: tradefront has no command \"nosuch\"\nSee: tradefront --help"},
		{"serv", "", 2, "", "tradefront: tradefront has no command \"serv\"; did you mean serve?\nSee: tradefront --help"},
		{"--nosuch", "", 2, "", "tradefront: unknown flag: --nosuch\nSee: tradefront --help"},
		{"version --nosuch", "", 2, "", "tradefront: unknown flag: --nosuch\nSee: tradefront version --help"},
		{"version extra", "", 2, "", "tradefront: unexpected argument \"extra\"…\nSee: tradefront version --help"},
		{"version -o xml", "", 2, "", "tradefront: invalid argument \"xml\" for \"-o, --output\" flag: want text or json\nSee: tradefront version --help"},
		{"report day --ot x", "", 2, "", "tradefront: unknown flag: --ot; did you mean --out?\nSee: tradefront report day --help"},
		{"ping --timeout soon", "", 2, "", "…invalid argument \"soon\"…See: tradefront ping --help"},
		{"ping --app-id a_b_c", "", 2, "", "…[app-id authcode-file]…See: tradefront ping --help"},
	})
}

func TestGroupsNeedACommand(t *testing.T) {
	play(t, []step{
		{"app", "", 2, "", "tradefront: app needs a command: add, bind, disable, enable, export, list, rotate, show, unbind\nSee: tradefront app --help"},
		{"account", "", 2, "", "tradefront: account needs a command: add, disable, enable, export, import, list, password, remove, unlock\nSee: tradefront account --help"},
		{"config", "", 2, "", "tradefront: config needs a command: check, defaults\nSee: tradefront config --help"},
		{"masterkey", "", 2, "", "tradefront: masterkey needs a command: create, list, rotate\nSee: tradefront masterkey --help"},
		{"report", "", 2, "", "tradefront: report needs a command: day, export…\nSee: tradefront report --help"},
		{"report staus", "", 2, "", "tradefront: report has no command \"staus\"; did you mean status?\nSee: tradefront report --help"},
		{"app ad", "", 2, "", "tradefront: app has no command \"ad\"; did you mean add?\nSee: tradefront app --help"},
	})
}

// A command that misses a flag says so before it looks at anything else.
func TestRequiredFlags(t *testing.T) {
	t.Chdir(t.TempDir())
	for command, flags := range map[string]string{
		"serve": `"config"`, "migrate": `"config"`, "config check": `"config"`, "masterkey create": `"config"`,
		"app list": `"config"`, "app add": `"app-id", "config"`, "app disable": `"app-id", "config"`,
		"app enable": `"app-id", "config"`, "app rotate": `"app-id", "config"`,
		"account list": `"config"`, "account add": `"account", "config", "password-file"`, "account unlock": `"account", "config"`,
		"report export": `"config"`, "app add --app-id a_b_c": `"config"`,
	} {
		play(t, []step{{command, "", 2, "", "tradefront: required flag(s) " + flags + " not set\nSee: tradefront …"}})
	}
}

func TestHelp(t *testing.T) {
	play(t, []step{
		{"", "", 0, "…Begin with: tradefront demo…", ""},
		{"help", "", 0, "…Available Commands:…", ""},
		{"app add --help", "", 0, "Admit an AppID…--authcode…", ""},
	})
}

func TestVersion(t *testing.T) {
	play(t, []step{{"version", "", 0, "tradefront " + version + " (commit …, " + runtime.Version() + ")", ""}})
	got := tradefront("", "version", "-o", "json")
	var shown map[string]string
	if err := json.Unmarshal([]byte(got.out), &shown); err != nil || got.status != 0 || got.err != "" {
		t.Fatalf("%+v: %v", got, err)
	}
	if len(shown) != 3 || shown["version"] != version || shown["go"] != runtime.Version() || shown["commit"] == "" {
		t.Errorf("%v", shown)
	}
}

// Every command that reads a configuration fails the same way without it.
func TestMissingConfiguration(t *testing.T) {
	const missing = "tradefront: the configuration has faults:\n" +
		"  the configuration file cannot be read: open nosuch.yaml: no such file or directory"
	t.Chdir(t.TempDir())
	for _, command := range []string{
		"serve", "migrate", "config check", "masterkey create", "app list", "app add --app-id a_b_c", "app disable --app-id a_b_c",
		"app rotate --app-id a_b_c", "account list", "account add --account 1 --password-file -", "account unlock --account 1",
		"report export --day 20260105",
	} {
		play(t, []step{{command + " -c nosuch.yaml", "", 1, "", missing}})
	}
}

// withoutJSON are the commands that have no --output, and why. Those of completion are cobra's, and man is hidden.
var withoutJSON = map[string]string{
	"account export":  "writes CSV, which account import reads",
	"config defaults": "a configuration file",
	"core-sim ctl":    "prints what core-sim answers",
	"demo":            "is watched",
	"relay defaults":  "a configuration file",
	"relay serve":     "runs until it is stopped; its log is JSON",
	"serve":           "the same",
}

// TestEachCommandHasJSON: scripts read the answer of each command but of those that are named above; a new one cannot forget it.
func TestEachCommandHasJSON(t *testing.T) {
	unseen := maps.Clone(withoutJSON)
	commands(t, func(c *cobra.Command) {
		name := command.NameOf(c)
		_, named := withoutJSON[name]
		delete(unseen, name)
		f := c.Flags().Lookup("output")
		if named == (f != nil) {
			t.Errorf("%s: --output is there: %t, the command is in withoutJSON: %t", name, f != nil, named)
		}
		if f != nil && (f.Shorthand != "o" || f.DefValue != "text") {
			t.Errorf("%s: %+v", name, f)
		}
	})
	if len(unseen) > 0 {
		t.Errorf("withoutJSON has what is no command: %v", unseen)
	}
}
