package chinese

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// covered are the folders each sentence of which has Chinese.
var covered = []string{
	"internal/command", "internal/command/fronts", "internal/command/inquiry", "internal/command/registry", "internal/command/relays",
	"internal/command/reports", "internal/command/storage", "internal/command/trial", "internal/accountfile", "internal/actions", "internal/agent", "internal/agent/registryfile", "internal/archive", "internal/assemble", "internal/auditlog", "internal/auditsearch",
	"internal/auth", "internal/calendar", "internal/config", "internal/core/local", "internal/daemon", "internal/directory", "internal/doctor",
	"internal/explain", "internal/extsort", "internal/files", "internal/loadtest", "internal/loadtest/generators", "internal/loadtest/population", "internal/loadtest/prepare",
	"internal/loadtest/proof", "internal/loadtest/result", "internal/logs", "internal/ops", "internal/ping", "internal/recovery", "internal/relay", "internal/settlement",
	"internal/settlement/daily", "internal/settlement/merge", "internal/settlement/quality", "internal/settlement/reconcile",
	"internal/settlement/relayreport", "internal/settlement/reportfile", "internal/settlement/verify", "internal/settlement/verifykeys", "internal/sqlitefile", "internal/subject",
	"internal/store", "internal/store/forward", "internal/store/heartbeat", "internal/store/journal", "internal/store/localfile", "internal/store/online",
	"internal/store/postgres", "internal/store/repair", "internal/store/schema", "internal/store/sqlrows", "internal/supplement",
}

// notShown are files of them whose sentences no operator and no clerk reads: what one process says to another, and what a
// developer's or a tester's command prints.
var notShown = []string{
	"internal/command/trial/core_", "internal/command/trial/collect",
	"internal/daemon/hand_over.go", "internal/daemon/take_over.go", "internal/daemon/taken_address.go", "internal/store/journal/direct.go",
	"internal/config/printer.go",        // comments of a configuration file
	"internal/settlement/daily/text.go", // in both languages
	"internal/settlement/status.go",     // differences, beside the word of their kind
}

// parts are of sentences that the catalogs have whole.
var parts = []string{
	"; did you mean %s?", ", or set %s to the file itself", "some records", "the records", "%sto replace it all the same, and keep it beside the new one: --force --reason TEXT",
	", and the store that reports now does not continue it: an older copy of the file was put back, or runs beside it",
	"has never told PostgreSQL what it holds, although %s", "has a clock that is %s %s PostgreSQL's: login times of the day are wrong, and may be those of another day", "next: look into it before you give it away; MANIFEST.txt says what is in it",
	"%.0f %% of the last %d customers came from one address%s", "%.0f %% of the last %d customers came from addresses that are not of the Internet%s",
	": is there a load balancer or an address translation that hides the customers? Have it send the PROXY header and set client_address: proxy, see Load balancers in docs/operations.md",
	"the request is no JSON of an EndSession", "the request is no JSON of a Trace", // from a command to the front
}

// TestEachSentenceHasChinese names what a room says and the catalogs lack.
func TestEachSentenceHasChinese(t *testing.T) {
	t.Parallel()
	s := readSource()
	for _, folder := range covered {
		if len(s.sentences[folder]) == 0 {
			t.Errorf("%s has no sentence: take it out of covered", folder)
		}
		for _, sentence := range s.sentences[folder] {
			if !has(sentence.format) && !slices.Contains(parts, sentence.format) && !slices.ContainsFunc(notShown, func(file string) bool { return strings.HasPrefix(sentence.at, file) }) {
				t.Errorf("%s: no Chinese for %q: add it to a catalog of internal/chinese", sentence.at, sentence.format)
			}
		}
	}
}

// TestNoSentenceStaysEnglish: a format of few letters, as "%s is %s", fits many a sentence, and leaves what is in its values in English.
func TestNoSentenceStaysEnglish(t *testing.T) {
	t.Parallel()
	s := readSource()
	for _, folder := range covered {
		for _, sentence := range s.sentences[folder] {
			if slices.Contains(parts, sentence.format) || slices.ContainsFunc(notShown, func(file string) bool { return strings.HasPrefix(sentence.at, file) }) {
				continue
			}
			got := Of(rendered(sentence.format))
			if left := words3.FindString(commandLine.ReplaceAllString(got, "")); left != "" {
				t.Errorf("%s: %q is %q, with %q", sentence.at, sentence.format, got, left)
			}
		}
	}
}

var (
	words3      = regexp.MustCompile(`\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b`)
	commandLine = regexp.MustCompile("`[^`]*`|tradefront [a-z -]+|[a-z_.]+ is (true|false)")
)

// has reports whether some catalog has the format as it is, or with other verbs for the same values.
func has(english string) bool {
	if verb.MatchString(english) {
		left := maxLookups
		_, known := book().whole(rendered(english), &left, 0)
		return known
	}
	_, known := book().plain[english]
	return known
}

// rendered is the format with a value for each verb.
func rendered(format string) string {
	n := 0
	return verb.ReplaceAllStringFunc(format, func(v string) string {
		m := verb.FindStringSubmatch(v)
		if m[1] == "" {
			n++
		} else {
			fmt.Sscan(m[1], &n)
		}
		switch m[2] {
		case "%":
			n--
			return "%"
		case "d", "f", "x", "X":
			return fmt.Sprint(100 + n)
		case "q":
			return fmt.Sprintf("%q", fmt.Sprint("v", n))
		}
		return fmt.Sprint("v", n)
	})
}

// riddles are words that leave the reader of a message to guess what is the case, or who acts. A test of docs has the same
// for comments and pages. A line of a file is "on line 3".
var riddles = regexp.MustCompile(`(?i)\b(stands?|stood|standing|whatever|whoever|nobody|somebody|in line|in earnest|goodbye)\b`)

// TestMessagesUsePlainWords reads each text of the source: what it prints, asks, logs and explains.
func TestMessagesUsePlainWords(t *testing.T) {
	t.Parallel()
	for literal, at := range readSource().literals {
		if word := riddles.FindString(literal); word != "" {
			t.Errorf("%s: %q has %q, which a reader has to guess: write what is the case (is, appears twice, is kept, stops), "+
				"or who does it (the operator, an attacker, another command)", at, literal, word)
		}
	}
}

// TestBookIsMadeForLittle: each run of a command that says one sentence in Chinese makes the book. With the formats compiled, it took
// 190,000 allocations; a sentence needs some ten of them.
func TestBookIsMadeForLittle(t *testing.T) {
	const bound = 40_000
	if n := testing.AllocsPerRun(1, func() { makeBook() }); n > bound {
		t.Errorf("the book took %.0f allocations, at most %d: is something compiled for every format?", n, bound)
	}
}

// TestEachFormatIsFound: what a format makes is translated by that format and no other, with every value.
func TestEachFormatIsFound(t *testing.T) {
	t.Parallel()
	for _, catalog := range catalogs() {
		for english, chinese := range catalog {
			if chinese == "" {
				t.Errorf("%q is empty", english)
			}
			got := Of(rendered(english))
			if want := rendered(chinese); got != want && !strings.Contains(chinese, "%[") {
				t.Errorf("%q is %q, want %q", rendered(english), got, want)
			}
			for _, value := range regexp.MustCompile(`\bv\d+|\b10\d\b`).FindAllString(rendered(english), -1) {
				if !strings.Contains(got, value) {
					t.Errorf("%q is %q, without the value %s", rendered(english), got, value)
				}
			}
		}
	}
}

// TestNoEntryIsStale: the fixed parts of each entry are in the source, but for what libraries and the system say.
func TestNoEntryIsStale(t *testing.T) {
	t.Parallel()
	s := readSource()
	var all strings.Builder
	for literal := range s.literals {
		all.WriteString(literal + "\x00")
	}
	text := all.String()
	for _, catalog := range catalogs() {
		for english := range catalog {
			if _, is := foreign[english]; is {
				continue
			}
			for _, part := range verb.Split(strings.ReplaceAll(english, "%%", "%"), -1) {
				for _, clause := range strings.FieldsFunc(part, func(r rune) bool { return strings.ContainsRune(":;,.?()", r) }) {
					// A sentence may be put together of two texts: half of the clause is enough.
					half := len(clause) / 2
					if half > 3 && !strings.Contains(text, clause[:half]) && !strings.Contains(text, clause[half:]) {
						t.Errorf("nothing says %q, of %q", clause, english)
					}
				}
			}
		}
	}
}

var han = regexp.MustCompile(`\p{Han}`)

// TestOf: an error within an error, a list, several lines; and what has no Chinese stays.
func TestOf(t *testing.T) {
	t.Parallel()
	for english, want := range map[string]string{
		"": "", "nosuch sentence: at all; really": "nosuch sentence: at all; really",
		"reports are kept back, of 20260105: front 3 (host a) holds 12 records of the day (last seen 2026-01-05 15:40:00): on that host: tradefront quarantine list (and 2 more: tradefront report status)": "有报送障碍，交易日 20260105：前置 3（主机 a）持有当日记录 12 条（最近心跳 2026-01-05 15:40:00）：" +
			"在该主机上执行 tradefront quarantine list（另有 2 项，见 tradefront report status）",
		"  front 2 (host a, store 92c4d4f6) has not said what it holds since the window closed (last seen 2026-03-10 09:00:04): " +
			"start it with PostgreSQL in reach; if it is gone for good: tradefront front retire 2, and the reports say that logins may be missing": "  前置 2（主机 a，本地库 92c4d4f6）自时段结束以来没有报告持有的记录（最近心跳 2026-03-10 09:00:04）：" +
			"在 PostgreSQL 可达时启动它；如果它已永久失去：tradefront front retire 2，报送文件会写明可能缺少登录",
		"front 2 (host a, store 92c4d4f6), logins after its last report may be missing: it was last seen 2026-03-10 09:00:04, did not say that it stopped, and was retired": "前置 2（主机 a，本地库 92c4d4f6），" +
			"最近心跳之后的登录 可能缺失：它最近心跳 2026-03-10 09:00:04，没有说明已停止，就被退役",
		"records of 20260311 are archived in a.zip: 12 were reported and 10 of them are there: keep that file; to export the day again bring it back: tradefront archive restore a.zip": "20260311 的记录 已归档到 a.zip：已报送 12 条，其中有 10 条：" +
			"保留该文件；要重新导出该日，先恢复它：tradefront archive restore a.zip",
		"its manifest says: front 2 (host a, store 92c4d4f6) has not said what it holds since the window closed (last seen 2026-03-10 09:00:04); waived by root@a at 2026-03-10 15:31:18: burned": "清单记载：" +
			"前置 2（主机 a，本地库 92c4d4f6）自时段结束以来没有报告持有的记录（最近心跳 2026-03-10 09:00:04）；root@a 于 2026-03-10 15:31:18 放行：burned",
		"PostgreSQL is out of reach: dial tcp 10.0.0.1:5432: connect: refused":                                      "PostgreSQL 不可达：连接 10.0.0.1:5432：refused",
		"no encryption key is valid now; add one under keys":                                                        "现在没有有效的加密公钥；请在 keys 下添加",
		"--day: \"2026\" is not a day: want YYYYMMDD, for example 20260105":                                         "--day：\"2026\" 不是日期：应为 YYYYMMDD，例如 20260105",
		"--password-file: pw is in quotation marks (“, U+201C); take them off; --as-is says that they belong to it": "--password-file: pw 带有引号（“，U+201C）；请去掉；如果它们属于其中，请加 --as-is",
		"standard input holds a zero-width space (U+200B), which does not show":                                     "标准输入 含有不可见的零宽空格（U+200B）",
		"connect 127.0.0.1:1: client: dial tcp 127.0.0.1:1: connect: connection refused":                            "连接 127.0.0.1:1：连接 127.0.0.1:1：连接被拒绝",
		"login 127.0.0.1:1: front answered 3: 不合法的登录 [ref 5B8R2M]":                                                  "登录 127.0.0.1:1：前置应答 3：不合法的登录 [ref 5B8R2M]",
		"127.0.0.1:1 is down: dial_failed, connection refused":                                                      "127.0.0.1:1 已断开：dial_failed, connection refused",
		"core.link.tls: the certificate ends in 12 days; admin: the certificate cannot be read: permission denied":  "core.link.tls：证书将在 12 天后到期；admin：证书无法读取：没有权限",
		"mode: want investor or operator":                                                                           "mode：应为 investor 或 operator",
		"unknown shorthand flag: 'c' in -c":                                                                         "没有单字母选项 c（写在 -c 中）",
		"flag needs an argument: 'c' in -c":                                                                         "单字母选项 c（写在 -c 中）需要一个值",
		"first line\n  the front is starting\nthird":                                                                "first line\n  前置正在启动\nthird",
	} {
		if got := Of(english); got != want {
			t.Errorf("%q is %q, want %q", english, got, want)
		}
	}
	many := strings.Repeat("a: b; c\n", 1000)
	if got := Of(many); got != many {
		t.Errorf("a sentence of many parts is %.100q", got)
	}
	long := strings.Repeat("the front is starting: ", 1000)
	if Of(long) != long || han.MatchString(Of(long)) {
		t.Error("a long sentence was looked at")
	}
}

// BenchmarkOf is a page's share: the sentences of some thirty checks.
func BenchmarkOf(b *testing.B) {
	for b.Loop() {
		for range 30 {
			Of("near a bound, at which logins are answered 90: it holds 3.0 GiB, store.max_bytes is 4.0 GiB; 2.1 GiB are free on its disk, store.min_free is 2.0 GiB")
		}
	}
}
