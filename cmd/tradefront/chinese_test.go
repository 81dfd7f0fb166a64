package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/command/help"
	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/internal/show"
)

// englishOnly are commands whose flags are described in English alone: cobra's, and those of who makes the package and terminals.
var englishOnly = []string{"completion", "collect send", "man"}

// TestHelpInChinese: each command, and each flag that an operator or a clerk types, is described in both languages, and the
// catalogs have nothing that no help page says.
func TestHelpInChinese(t *testing.T) {
	used := make(map[string]bool)
	root := quietRoot(show.English)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.InitDefaultVersionFlag()
	eachCommand(root, func(c *cobra.Command) {
		used[c.Short] = true
		if help.Shorts[c.Short] == "" && !c.Hidden {
			t.Errorf("%s: no Chinese for %q: add it to help.Shorts", c.CommandPath(), c.Short)
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			used[f.Usage] = true
			if help.Flags[f.Usage] == "" && f.Name != "help" && !c.Hidden && !isEnglishOnly(c) {
				t.Errorf("%s --%s: no Chinese for %q: add it to help.Flags", c.CommandPath(), f.Name, f.Usage)
			}
		})
	})
	for _, catalog := range []map[string]string{help.Shorts, help.Flags} {
		for english := range catalog {
			if !used[english] {
				t.Errorf("no command and no flag is described by %q", english)
			}
		}
	}
}

// detailsInEnglish are what cobra says.
var detailsInEnglish = []string{"completion", "help"}

var typed = regexp.MustCompile("`[a-z][^`]+`|--[a-z][a-z-]+")

// TestDetailsInChinese: the details of each command are in Chinese, with every flag and command that the English
// names, and the catalog has no command that is not there.
func TestDetailsInChinese(t *testing.T) {
	there := make(map[string]bool)
	eachCommand(quietRoot(show.English), func(c *cobra.Command) {
		path := command.NameOf(c)
		there[path] = c.Long != ""
		english := slices.ContainsFunc(detailsInEnglish, func(begin string) bool { return strings.HasPrefix(path, begin) })
		if english || !c.HasParent() || c.Long == "" {
			return
		}
		for _, word := range typed.FindAllString(c.Long, -1) {
			if !strings.Contains(help.Details[path], word) {
				t.Errorf("%s: help.Details lacks %s", path, word)
			}
		}
		if help.Details[path] == "" {
			t.Errorf("%s: no Chinese details: add them to help.Details", path)
		}
	})
	for path := range help.Details {
		if !there[path] {
			t.Errorf("help.Details has %s, which is no command with details", path)
		}
	}
	said := make(map[string]bool)
	coresim.HelpIn(func(english string) string {
		if said[english] = true; help.CoreSim[english] == "" {
			t.Errorf("no Chinese for %q of core-sim: add it to help.CoreSim", english)
		}
		return english
	})
	for english := range help.CoreSim {
		if !said[english] {
			t.Errorf("help.CoreSim has %q, which no command of core-sim does", english)
		}
	}
}

// TestErrorsInChinese: an error that ends a command, a fault of the configuration and a mistyped line are in the user's language; what
// has no Chinese is printed as it is, and JSON has the English.
func TestErrorsInChinese(t *testing.T) {
	newSite(t)
	zh := []string{"TRADEFRONT_LANG=zh"}
	for _, try := range []struct {
		args   []string
		status int
		want   string // of standard error
	}{
		{[]string{"account", "unlock", "--account", "nosuch", "-c", "tradefront.yaml"}, exitFailed, "tradefront: 没有账户 nosuch；见 `tradefront account list`\n"},
		{[]string{"account", "add", "--nosuch"}, exitMisuse, "tradefront: 没有选项 --nosuch\n用法见: tradefront account add --help\n"},
		{[]string{"config", "check", "-c", "nosuch.yaml"}, exitFailed, "无法读取配置文件：nosuch.yaml 不存在"},
		{[]string{"report", "export", "--day", "2026", "-c", "tradefront.yaml"}, exitFailed, `"2026" 不是日期：应为 YYYYMMDD，例如 20260105`},
		{[]string{"serve", "-c", "nosuch.yaml"}, exitFailed, "the configuration file cannot be read"}, // the service's log
	} {
		got := tradefrontWith(zh, "", try.args...)
		if got.status != try.status || !strings.Contains(got.err, try.want) {
			t.Errorf("%q: %+v, want %q", try.args, got, try.want)
		}
	}
	if got := tradefrontWith(zh, "", "doctor", "-c", "tradefront.yaml", "-o", "json", "--lang", "en"); !strings.Contains(got.out, "is without fault") {
		t.Errorf("%+v", got)
	}
	if got := tradefrontWith(zh, "", "config", "check", "--deep", "-c", "tradefront.yaml"); got.status != exitDone || !strings.Contains(got.out, "已检查：监听地址都可用") {
		t.Errorf("%+v", got)
	}
}

func isEnglishOnly(c *cobra.Command) bool {
	for _, begin := range englishOnly {
		if strings.HasPrefix(command.NameOf(c), begin) {
			return true
		}
	}
	return false
}

func eachCommand(c *cobra.Command, f func(c *cobra.Command)) {
	f(c)
	for _, sub := range c.Commands() {
		eachCommand(sub, f)
	}
}

// TestLanguageOfCommands: the flag, before or behind the command, and the environment choose the language of help, of tables
// and of the sentence that ends a mistyped line.
func TestLanguageOfCommands(t *testing.T) {
	newSite(t)
	for _, try := range [][]string{{"--lang", "zh", "key", "list", "-c", "tradefront.yaml"}, {"key", "list", "-c", "tradefront.yaml", "--lang=zh"}} {
		if got := tradefrontWith(nil, "", try...); got.status != exitDone || !strings.HasPrefix(got.out, "版本") {
			t.Errorf("%q: %+v", try, got)
		}
	}
	if got := tradefrontWith([]string{"TRADEFRONT_LANG=zh"}, "", "key", "list", "-c", "tradefront.yaml"); !strings.HasPrefix(got.out, "版本") {
		t.Errorf("%+v", got)
	}
	if got := tradefrontWith([]string{"LANG=zh_CN.UTF-8"}, "", "report", "--help"); !strings.Contains(got.out, "用法：") || !strings.Contains(got.out, "三方对账") && !strings.Contains(got.out, "报送状态") {
		t.Errorf("%+v", got)
	}
	if got := tradefrontWith(nil, "", "key", "list", "-c", "tradefront.yaml", "--lang", "fr"); got.status != exitMisuse || !strings.Contains(got.err, "want en or zh") {
		t.Errorf("%+v", got)
	}
	if got := tradefrontWith([]string{"LANG=zh_CN.UTF-8"}, "", "key", "lst"); got.status != exitMisuse || !strings.Contains(got.err, "用法见") {
		t.Errorf("%+v", got)
	}
}
