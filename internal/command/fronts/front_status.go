package fronts

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/show"
)

func newFrontStatus(e *command.Env) *cobra.Command {
	var (
		path, address string
		full          bool
		form          command.Output
	)
	c := &cobra.Command{
		Use: "status", Short: "Ask the running front how it is: connections, sources, refusals, readiness", Args: command.NoArgs,
		Long: "Ask the running front, at admin.address or the one that --front names: who is connected from\n" +
			"where, whom it refuses and why, and whether it is ready for terminals. Addresses are masked as in\n" +
			"the application log, since such output ends up in tickets; --full shows them, for a firewall's rule.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			var named []string
			if address != "" {
				named = []string{address}
			}
			admin, err := admins(e, path, named)
			if err != nil {
				return err
			}
			page := "/status"
			if full {
				page = "/status/full"
			}
			var s daemon.Status
			if err := admin.Ask(c.Context(), admin.addresses[0], page, &s); err != nil {
				return askError(admin.addresses[0], err)
			}
			return form.Print(e.Out, &s, func(w io.Writer) { printFrontStatus(w, &s) })
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	c.Flags().StringVar(&address, "front", "", "host:port of the front's admin listener, instead of admin.address")
	c.Flags().BoolVar(&full, "full", false, "whole addresses")
	return c
}

func printFrontStatus(w io.Writer, s *daemon.Status) {
	say := func(english, chinese string, values ...any) {
		fmt.Fprintf(w, command.InLanguageOf(w, english, chinese)+"\n", values...)
	}
	say("front %d, tradefront %s, %s since %s (%s)", "前置 %d，tradefront %s，%s，始于 %s（%s）",
		s.FrontID, s.Version, command.WordFor(w, "state", s.State), show.Time(s.Started), time.Duration(s.Uptime)*time.Second)
	say("configuration %s", "配置 %s", show.Hash(s.Config))
	say("connections %d of %d, unauthenticated %d, from %d sources", "连接 %d，上限 %d；未认证 %d；来源 %d 个", s.Open, s.Limit, s.Unauth, s.Sources)
	say("logins in flight %d, users online %d", "处理中的登录 %d，在线用户 %d", s.Logins, s.Online)
	say("refused since the start: %s; evicted %d", "启动以来拒绝：%s；为他人腾出 %d", command.Counted(w, s.Refused), s.Evicted)
	say("penalties: %d sources refused, %d in debt", "因行为不当：拒绝来源 %d 个，另有 %d 个已被记过", s.Shut, s.InDebt)
	if len(s.Heaviest) > 0 {
		fmt.Fprintln(w)
		command.Table(w, "SOURCE\tCONNECTIONS\tUNAUTHENTICATED\tEXEMPT", func(rows io.Writer) {
			for _, h := range s.Heaviest {
				fmt.Fprintf(rows, "%s\t%d\t%d\t%s\n", h.Source, h.Open, h.Unauth, command.YesNo(w, h.Exempt))
			}
		})
	}
	if len(s.Longest) > 0 {
		fmt.Fprintln(w)
		command.Table(w, "REFUSED SOURCE\tFOR ANOTHER", func(w io.Writer) {
			for _, p := range s.Longest {
				fmt.Fprintf(w, "%s\t%s\n", p.Source, time.Duration(p.Left)*time.Second)
			}
		})
	}
	fmt.Fprintln(w)
	if s.Ready {
		say("ready", "就绪")
	} else {
		say("NOT READY", "未就绪")
	}
	command.PrintReasons(w, s.Reasons)
}
