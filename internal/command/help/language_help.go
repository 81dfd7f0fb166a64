package help

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/daemon"
)

// Translate puts the Chinese descriptions onto the help pages. What the catalogs lack stays English; TestHelpInChinese
// says what that is.
func Translate(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.InitDefaultVersionFlag()
	root.Long = "tradefront 接收终端的连接，认证终端软件，受理客户登录，\n并把每次登录记为当日报送监控中心文件中的一行。\n\n先运行：tradefront demo"
	root.SetUsageTemplate(usageInChinese.Replace(root.UsageTemplate()))
	translateCommand(root)
}

func translateCommand(c *cobra.Command) {
	if chinese, has := Shorts[c.Short]; has {
		if c.HasParent() && c.Long != "" {
			c.Long = detailsInChinese(c, chinese)
		}
		c.Short = chinese
	}
	c.InitDefaultHelpFlag()
	for _, flags := range []*pflag.FlagSet{c.Flags(), c.PersistentFlags()} {
		flags.VisitAll(translateFlag)
	}
	for _, sub := range c.Commands() {
		translateCommand(sub)
	}
}

const reloadedKeys = "{{reloaded}}"

// detailsInChinese are those of the catalog, else the short description before the English details.
func detailsInChinese(c *cobra.Command, short string) string {
	if details, has := Details[command.NameOf(c)]; has {
		if c.Name() == "serve" && c.Parent() == c.Root() {
			details = strings.Replace(details, reloadedKeys, command.Indented(daemon.ReloadedKeys()), 1)
		}
		return details
	}
	return short + "\n\n" + c.Long
}

func translateFlag(f *pflag.Flag) {
	chinese, has := Flags[f.Usage]
	switch {
	case has:
		f.Usage = chinese
	case f.Name == "help" && strings.HasPrefix(f.Usage, "help for "):
		f.Usage = "本命令的帮助"
	}
}

var usageInChinese = strings.NewReplacer(
	"Usage:", "用法：", "Aliases:", "别名：", "Examples:", "示例：", "Available Commands:", "命令：", "Additional Commands:", "其他命令：",
	"Global Flags:", "通用选项：", "Flags:", "选项：", "Additional help topics:", "其他帮助：",
	`Use "{{.CommandPath}} [command] --help" for more information about a command.`, `某条命令的帮助：{{.CommandPath}} [command] --help`,
)
