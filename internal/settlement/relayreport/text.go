package relayreport

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/chinese"
	"github.com/tradefront/tradefront/internal/show"
)

// WriteText writes the report for a terminal, Chinese first.
func (r *Report) WriteText(w io.Writer) error {
	t := &textWriter{w: show.NewColumns(w)}
	t.line("中继诚实度报告 Relay report\t%s", r.Day)
	t.line("中继记录 records through relays\t%d", r.Records)
	t.line("直接登录 direct logins in these logs\t%d", r.Direct)
	for _, warning := range r.Warnings {
		t.warning(chinese.Both(warning))
	}
	for i := range r.Relays {
		t.relay(&r.Relays[i])
	}
	if t.err != nil {
		return t.err
	}
	return t.w.Flush()
}

// textWriter keeps the first error, so that each line need not look at it.
type textWriter struct {
	w   *show.Columns
	err error
}

func (t *textWriter) line(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format+"\n", args...)
	}
}

func (t *textWriter) warning(s chinese.Sentence) {
	t.line("警告 warning: %s", s.Chinese)
	if s.English != "" {
		t.line("  %s", s.English)
	}
}

func (t *textWriter) relay(r *Relay) {
	t.line("\n中继 RELAY %s", r.RelayAppID)
	if len(r.Remarks) == 0 {
		t.line("  未发现异常 nothing unusual")
	}
	for _, m := range r.Remarks {
		t.line("  ! %s", m.Chinese)
		t.line("    %s: %s", m.Kind, m.English)
	}
	t.line("  记录 records\t%d\t操作员上报 submitted %d\t多对多登录 logged in %d\t应答 answers %d", r.Records, r.Submitted, r.LoggedIn, r.Answers)
	t.line("  账户 accounts\t%d", r.Accounts)
	t.line("  地址 addresses\t%d\t非公网 not public %d (%s)\t线下委托无地址 none %d", r.AddressesDistinct, r.NotPublic, percent(r.NotPublicShare), r.NoAddress)
	t.places("  账户最多的地址 most accounts", r.Addresses)
	t.line("  端口 ports\t%d", r.PortsDistinct)
	t.places("  记录最多的端口 most records", r.Ports)
	a := &r.Age
	t.line("  到达减登录 arrival after login\t最小 least %s\t中位 median %s\tp90 %s\tp99 %s\t最大 most %s",
		span(a.Least), span(a.Median), span(a.P90), span(a.P99), span(a.Most))
	t.named("", a.Buckets)
	t.line("  重复上报 re-reported\t%d\t登入时间变动 login time moved %d", r.ReReported, r.TimeMoved)
	t.line("  密文重复 ciphertext of another\t%d\t账户 accounts %d", r.Replayed, r.ReplayedAccounts)
	t.line("  未准入的AppID unlisted\t%d", r.Unlisted)
	t.named("  异常标识 abnormal flags", r.Flags)
	t.named("  操作员 operators", r.Operators)
	t.named("  终端AppID AppIDs of terminals", r.Apps)
	t.named("  从未直接登录 never seen directly", r.NeverDirect)
}

const shown = 10 // names of a list; the JSON has them all

func (t *textWriter) named(title string, all []Named) {
	if len(all) > 0 && title != "" {
		t.line("%s", title)
	}
	for i, n := range all {
		if i == shown {
			t.line("    … %d", len(all)-shown)
			return
		}
		if n.Count > 0 {
			t.line("    %s\t%d\t%s", orElse(n.Name, "others"), n.Count, percent(n.Share))
		}
	}
}

func (t *textWriter) places(title string, all []Place) {
	if len(all) > 0 {
		t.line("%s", title)
	}
	for _, p := range all {
		t.line("    %s\t账户 accounts %d (%s)\t记录 records %d (%s)", strings.TrimSpace(p.Name+" "+p.Kind),
			p.Accounts, percent(p.AccountsShare), p.Records, percent(p.RecordsShare))
	}
}

func percent(share float64) string { return fmt.Sprintf("%.2f%%", 100*share) }

func span(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).Round(time.Millisecond).String()
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
