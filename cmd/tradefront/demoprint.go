package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

func (d *demoRun) heading(format string, args ...any) {
	fmt.Fprintf(d.env.out, "\n== "+format+" ==\n", args...)
}

func (d *demoRun) say(format string, args ...any) { fmt.Fprintf(d.env.out, format+"\n", args...) }

var codeWords = map[int]string{
	demo.Closed: "closed without an answer: not our protocol",
	0:           "正确 success", 3: "不合法的登录 wrong account or password", 5: "重复的登录 a second login in one session",
	15: "报文错误字段 illegal field", 63: "客户端认证失败 authentication failed", 64: "客户端未认证 not authenticated",
}

// summary shows what happened, most telling first.
func (d *demoRun) summary(tally *demo.Tally, verdict *demo.Verdict) {
	d.heading("A few lines, opened with the test private key")
	for _, o := range verdict.Shown {
		d.say("line        %s…", o.Line)
		d.say("supplement  %s", o.Supplement)
		d.say("  it was    %s", o.Was.Supplement)
		d.say("terminal    %s", o.Terminal)
		d.say("  it was    %s\n", o.Was.Terminal)
	}
	d.heading("Visits by the front's last answer, and how many of them had logged in")
	table(d.env.out, "CODE\tVISITS\tLOGGED IN\tMEANING", func(w io.Writer) {
		for _, code := range slices.Sorted(maps.Keys(tally.Codes)) {
			shown := fmt.Sprint(code)
			if code == demo.Closed {
				shown = "-"
			}
			fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", shown, tally.Codes[code], tally.Logins[code], codeWords[code])
		}
		fmt.Fprintf(w, "all\t%d\t%d\t\n", tally.Visits, len(tally.Answers))
	})
	d.heading("By abnormal flag (异常标识) of the reported lines")
	table(d.env.out, "FLAG\tLINES\tMEANING", func(w io.Writer) {
		for flag := regulation.FlagNormal; flag.Valid(); flag++ {
			fmt.Fprintf(w, "%s\t%d\t%s\n", flag, verdict.Flags[flag], strings.ReplaceAll(flag.Word(), "_", " "))
		}
	})
	l := tally.Latency
	us := func(q float64) time.Duration { return time.Duration(l.ValueAtQuantile(q)) * time.Microsecond }
	d.heading("Login, from request to answer (the record is on disk by then)")
	d.say("p50 %v   p90 %v   p99 %v   max %v", us(50), us(90), us(99), time.Duration(l.Max())*time.Microsecond)
	d.say("%d visits in %v, %.0f a second, terminals and front on this one machine",
		tally.Visits, tally.Took.Round(time.Millisecond), float64(tally.Visits)/tally.Took.Seconds())
	d.heading("Answered = stored = reported?")
	d.say("%d logins answered, %d lines reported, %d of them exactly what the terminal was, %d answered but not reported",
		len(tally.Answers), verdict.Lines, verdict.Equal, verdict.Missing)
	for _, f := range append(verdict.Faults, tally.Examples...) {
		d.say("FAULT: %s", f)
	}
}

// invite says how to try by hand what the demo just did.
func (d *demoRun) invite() {
	firm := &d.site.Firm
	self := os.Args[0] // as it was called: it need not be on the PATH
	d.heading("Try it by hand; Ctrl-C ends it")
	d.say("address %s   broker %s   key version %s", firm.Address, firm.BrokerID, firm.KeyVersion)
	d.say("AppID %s   authcode %s", firm.Apps[0].AppID, firm.Apps[0].AuthCode)
	d.say("account %s   password %s", firm.Accounts[0].Account, demo.SitePassword)
	d.say("\n  %s ping --address %s --app-id %s --authcode-file %s --account %s --password-file %s",
		self, firm.Address, firm.Apps[0].AppID, d.site.AuthCodeFile(), firm.Accounts[0].Account, d.site.PasswordFile())
	d.say("  %s app list --config %s", self, d.site.Path)
	d.say("  tail -f %s", d.site.Config.AuditLog)
	if admin := d.daemon.AdminURL(); admin != "" {
		d.say("  curl -s %s/readyz", admin)
	}
}

// thisRun leaves out of reports what was recorded before this demo: a PostgreSQL that is used again has
// logins of earlier ones, whose keys are gone.
type thisRun struct {
	assemble.Records
	began time.Time
}

func (t thisRun) Snapshot(ctx context.Context, day calendar.TradingDay) (store.Snapshot, error) {
	s, err := t.Records.Snapshot(ctx, day)
	return snapshotSince{s, t.began}, err
}

type snapshotSince struct {
	store.Snapshot
	began time.Time
}

func (s snapshotSince) Scan(ctx context.Context, after store.Position, f func(*store.Record) error) error {
	return s.Snapshot.Scan(ctx, after, func(r *store.Record) error {
		if r.LoginTime.Before(s.began) {
			return nil
		}
		return f(r)
	})
}
