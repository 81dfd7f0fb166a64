package result

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/show"
)

// words are the texts of a result in one language.
type words struct {
	title, target, began, lasted, early, host, version, config, generators    string
	planned, begun, loggedIn, refused, failed, hostile, broken, lost          string
	mostOpen, late, rate, peak, step, noStep                                  string
	asserted, holds, fails, good, bad, notMeasured                            string
	cameAgain, sent, answered, wrong, lostRequests, doubled, again, perSecond string
	noLogin, errors, unproven, limited, logins, unsealed                      string
	steps, requests                                                           map[string]string // by their names; by the scenario
}

var texts = map[string]*words{
	"en": {
		title: "load test", target: "front", began: "began", lasted: "lasted", early: "ended early", host: "generator", version: "version",
		config: "configuration", generators: "generators",
		planned: "planned", begun: "begun", loggedIn: "logged in", refused: "refused", failed: "failed", hostile: "attacks answered as they must be",
		broken: "broken off", lost: "sessions lost", mostOpen: "connections at most", late: "begun late", rate: "logins a second",
		peak: "of the historical peak", step: "STEP\tCOUNT\tMEAN ms\tp50\tp90\tp99\tp99.9\tMAX", noStep: "no login was answered",
		asserted: "asserted", holds: "holds", fails: "FAILS", good: "PASSED", bad: "FAILED", notMeasured: "not measured",
		steps: map[string]string{
			"login": "login, from its intended start", "service": "login, from its first packet", "connect": "connect",
			"authenticate": "authenticate", "user_login": "log in",
			"request": "round trip, from its intended start", "request_service": "round trip, from its first packet",
		},
		cameAgain: "came again", sent: "sent", answered: "answered", wrong: "wrong answers", lostRequests: "lost", doubled: "answered twice", again: "sent again",
		logins: ", of which the logins took %.1f s", noLogin: "no visit was logged in",
		errors: "errors that no assertion speaks of  %d\n", unproven: "not compared with the store",
		limited: "the generator used %.0f %% of a processor and began %d visits or requests late: these figures may show its own limit, not the front's; " +
			"give it a processor of its own, another machine, or --generators\n",
		unsealed:  "made from a result that has no SHA-256: whether its figures were changed cannot be said",
		perSecond: "answers a second", requests: map[string]string{"orders": "orders", "relay": "submissions"},
	},
	"zh": {
		title: "压力测试", target: "前置", began: "开始", lasted: "历时", early: "提前结束", host: "压测机", version: "版本", config: "前置配置",
		generators: "压测进程",
		planned:    "计划", begun: "已发起", loggedIn: "登录成功", refused: "被拒绝", failed: "失败", hostile: "攻击均按规定应答", broken: "中断",
		lost: "会话丢失", mostOpen: "最大连接数", late: "发起过迟", rate: "每秒登录", peak: "倍历史峰值",
		step: "步骤\t次数\t平均 ms\tp50\tp90\tp99\tp99.9\t最大", noStep: "没有登录得到应答",
		asserted: "判定条件", holds: "满足", fails: "不满足", good: "通过", bad: "不通过", notMeasured: "没有数据",
		steps: map[string]string{
			"login": "登录（自计划时刻起）", "service": "登录（自首个报文起）", "connect": "建立连接", "authenticate": "终端认证", "user_login": "用户登录",
			"request": "往返（自计划时刻起）", "request_service": "往返（自首个报文起）",
		},
		cameAgain: "再次前来", sent: "已发送", answered: "已应答", wrong: "应答有误", lostRequests: "丢失", doubled: "重复应答", again: "重发", perSecond: "每秒应答",
		logins: "，其中登录 %.1f s", noLogin: "没有登录成功的接入", errors: "没有判定条件涉及的错误  %d\n", unproven: "未与库中记录核对",
		limited:  "压测机占用一个处理器的 %.0f %%，发起过迟 %d 次：以上数据可能是压测机而非前置的上限；请为其单独配备处理器、换一台机器，或使用 --generators\n",
		unsealed: "来自没有 SHA-256 的结果：无法判断其数据是否被改动",
		requests: map[string]string{"orders": "业务报文", "relay": "上报"},
	},
}

// Languages are those of Text.
func Languages() []string { return []string{"en", "zh"} }

// Text prints r for people; language is one of Languages.
func (r *Result) Text(w io.Writer, language string) {
	t := texts[language]
	if t == nil {
		t = texts["en"]
	}
	r.printHead(w, t, language)
	r.printCounts(w, t, language)
	r.printRequests(w, t, language)
	r.printSteps(w, t)
	if r.Proof != nil {
		r.Proof.Text(w, language)
	}
	for _, a := range r.Assertions {
		verdict := t.holds
		if !a.Holds {
			verdict = t.fails
		}
		fmt.Fprintf(w, "%s  %s  %s  %s\n", t.asserted, a.Text, a.measured(t), verdict)
	}
	if r.Limited() {
		fmt.Fprintf(w, t.limited, 100*r.CPU, r.LateOnes())
	}
	r.printCauses(w, t, language)
	verdict := t.bad
	if r.Good {
		verdict = t.good
	}
	fmt.Fprintln(w, verdict)
}

// printCauses says of a judged run why it is not good, where nothing else that is printed does.
func (r *Result) printCauses(w io.Writer, t *words, language string) {
	for _, c := range r.Causes {
		switch {
		case c == NoLogin:
			fmt.Fprintln(w, t.noLogin)
		case c == Errors:
			fmt.Fprintf(w, t.errors, r.UnboundedErrors())
		case c == Unproven && r.Unproven != "":
			fmt.Fprintf(w, "%s  %s\n", t.unproven, r.UnprovenText(language))
		}
	}
}

func (r *Result) printHead(w io.Writer, t *words, language string) {
	var parameters []string
	for _, p := range r.Parameters {
		parameters = append(parameters, p.Name+"="+p.Value)
	}
	fmt.Fprintf(w, "%s  %s  %s\n", t.title, r.Scenario, strings.Join(parameters, " "))
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s  %s\n", name, value)
		}
	}
	line(t.target, r.Target)
	line(t.began, show.Time(r.Began))
	line(t.lasted, r.lastedText(t))
	line(t.early, r.EarlyText(language))
	for _, m := range r.Machines() {
		line(t.host, fmt.Sprintf("%s, %d × %s, %s, Linux %s", m.Host.Name, m.Host.CPUs, m.Host.CPU, show.Size(int64(m.Host.Memory)), m.Host.Kernel))
		line(t.version, m.Version)
	}
	line(t.config, r.ConfigHash)
	line("SHA-256", r.SHA256)
	if r.Unsealed {
		fmt.Fprintln(w, t.unsealed)
	}
	if r.Generators > 1 {
		line(t.generators, fmt.Sprint(r.Generators))
	}
}

// lastedText is for how long the run went on, and the part of it that Rate is over where the two differ.
func (r *Result) lastedText(t *words) string {
	text := fmt.Sprintf("%.1f s", r.Lasted())
	if r.ElapsedS > 0 && r.Lasted()-r.ElapsedS >= 0.1 {
		text += fmt.Sprintf(t.logins, r.ElapsedS)
	}
	return text
}

func (r *Result) printCounts(w io.Writer, t *words, language string) {
	c := &r.Counts
	fmt.Fprintf(w, "%s %d, %s %d, %s %d", t.planned, c.Planned, t.begun, c.Begun, t.loggedIn, c.LoggedIn)
	for _, more := range []struct {
		name string
		n    int
	}{{t.refused, c.Refused}, {t.failed, c.Failed}, {t.lost, c.Lost}, {t.hostile, c.Hostile}, {t.broken, c.BrokenOff}, {t.cameAgain, c.Again}, {t.late, c.Late}} {
		if more.n > 0 {
			fmt.Fprintf(w, ", %s %d", more.name, more.n)
		}
	}
	fmt.Fprintf(w, ", %s %d\n%s %.0f", t.mostOpen, c.MostOpen, t.rate, r.Rate())
	if r.Multiple > 0 {
		fmt.Fprintf(w, ", %s %s", r.MultipleText(), t.peak)
	}
	fmt.Fprintln(w)
	for _, m := range []struct {
		name string
		of   map[string]int
	}{{t.refused, r.Refused}, {t.failed, r.Failed}, {t.hostile, r.Hostile}, {t.cameAgain, r.Again}} {
		for _, key := range slices.Sorted(maps.Keys(m.of)) {
			line := fmt.Sprintf("  %s  %s  %d  %s", m.name, FailureText(key, language), m.of[key], CodeText(key, language))
			fmt.Fprintln(w, strings.TrimRight(line, " "))
		}
	}
}

// CodeText is what the terminal reads of a code, in that language; "" of what is no code.
func CodeText(code, language string) string {
	n, err := strconv.Atoi(code)
	if err != nil {
		return ""
	}
	chinese, english := reason.CodeText(n)
	if language == "zh" {
		return chinese
	}
	return english
}

func (r *Result) printSteps(w io.Writer, t *words) {
	if r.Login.Count() == 0 {
		fmt.Fprintln(w, t.noStep)
		return
	}
	all := append([]Step{{"login", r.Login}, {"service", r.Service}}, r.Steps...)
	show.Table(w, t.step, func(w io.Writer) {
		for _, s := range all {
			l := &s.Latency
			fmt.Fprintf(w, "%s\t%d\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\n", t.steps[s.Name], l.Count(), l.Mean(), l.Quantile(50), l.Quantile(90),
				l.Quantile(99), l.Quantile(99.9), l.Quantile(100))
		}
	})
}
