package tour

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/show"
)

func (t *Tour) heading(format string, args ...any) {
	fmt.Fprintf(t.Out, "\n== "+format+" ==\n", args...)
}

func (t *Tour) say(format string, args ...any) { fmt.Fprintf(t.Out, format+"\n", args...) }

var codeWords = map[int]string{
	demo.Closed: "closed without an answer: not our protocol",
	0:           "正确 success", 3: "不合法的登录 wrong account or password", 5: "重复的登录 a second login in one session",
	15: "报文错误字段 illegal field", 63: "客户端认证失败 authentication failed", 64: "客户端未认证 not authenticated",
}

// summary shows what happened, most telling first.
func (t *Tour) summary(tally *demo.Tally, verdict *demo.Verdict) {
	t.heading("A few lines, opened with the test private key")
	for _, o := range verdict.Shown {
		t.say("line        %s…", o.Line)
		t.say("supplement  %s", o.Supplement)
		t.say("  it was    %s", o.Was.Supplement)
		t.say("terminal    %s", o.Terminal)
		t.say("  it was    %s\n", o.Was.Terminal)
	}
	t.heading("Visits by the front's last answer, and how many of them had logged in")
	show.Table(t.Out, "CODE\tVISITS\tLOGGED IN\tMEANING", func(w io.Writer) {
		for _, code := range slices.Sorted(maps.Keys(tally.Codes)) {
			shown := fmt.Sprint(code)
			if code == demo.Closed {
				shown = "-"
			}
			fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", shown, tally.Codes[code], tally.Logins[code], codeWords[code])
		}
		fmt.Fprintf(w, "all\t%d\t%d\t\n", tally.Visits, len(tally.Answers))
	})
	t.heading("By abnormal flag (异常标识) of the reported lines")
	show.Table(t.Out, "FLAG\tLINES\tMEANING", func(w io.Writer) {
		for flag := regulation.FlagNormal; flag.Valid(); flag++ {
			fmt.Fprintf(w, "%s\t%d\t%s\n", flag, verdict.Flags[flag], strings.ReplaceAll(flag.Word(), "_", " "))
		}
	})
	l := tally.Latency
	us := func(q float64) time.Duration { return time.Duration(l.ValueAtQuantile(q)) * time.Microsecond }
	t.heading("Login, from request to answer (the record is on disk by then)")
	t.say("p50 %v   p90 %v   p99 %v   max %v", us(50), us(90), us(99), time.Duration(l.Max())*time.Microsecond)
	t.say("%d visits in %v, %.0f a second, terminals and front on this one machine",
		tally.Visits, tally.Took.Round(time.Millisecond), float64(tally.Visits)/tally.Took.Seconds())
	t.heading("Answered = stored = reported?")
	t.say("%d logins answered, %d lines reported, %d of them exactly what the terminal was, %d answered but not reported",
		len(tally.Answers), verdict.Lines, verdict.Equal, verdict.Missing)
	for _, f := range append(verdict.Faults, tally.Examples...) {
		t.say("FAULT: %s", f)
	}
}

// invite says how to try by hand what the demo just did.
func (t *Tour) invite() {
	firm := &t.site.Firm
	self := os.Args[0] // as it was called: it need not be on the PATH
	t.heading("Try it by hand; Ctrl-C ends it")
	t.say("address %s   broker %s   key version %s", firm.Address, firm.BrokerID, firm.KeyVersion)
	t.say("AppID %s   authcode %s", firm.Apps[0].AppID, firm.Apps[0].AuthCode)
	t.say("account %s   password %s", firm.Accounts[0].Account, demo.SitePassword)
	t.say("\n  %s ping --address %s --app-id %s --authcode-file %s --account %s --password-file %s",
		self, firm.Address, firm.Apps[0].AppID, t.site.AuthCodeFile(), firm.Accounts[0].Account, t.site.PasswordFile())
	t.say("  %s app list --config %s", self, t.site.Path)
	t.say("  tail -f %s", t.site.Config.AuditLog)
	if admin := t.daemon.AdminURL(); admin != "" {
		t.say("  curl -s %s/readyz", admin)
	}
}
