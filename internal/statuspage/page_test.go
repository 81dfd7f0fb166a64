package statuspage

import (
	"context"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/tally"
)

func rendered(t *testing.T, s *Snapshot, language show.Language) string {
	t.Helper()
	var b strings.Builder
	if err := (view{Language: language}).render(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// text is what a reader sees, with single spaces.
func text(html string) string {
	html = regexp.MustCompile(`(?s)<style>.*?</style>`).ReplaceAllString(html, "")
	return strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(html, " ")), " ")
}

func TestPageShowsEachStateInBothLanguages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		of               *Snapshot
		english, chinese []string
		not              []string
	}{
		"full": {
			full(),
			[]string{
				"期货交易系统 · front 1 serving", "configuration 3f9a1c0e77d2", "Serving; an operator should look", "warning life of the keys key_life key version 1.0 ends at 2026-01-31 08:59:30, in 26 days",
				"3 checks pass", "Trading day 20260105", "calendar known to 20271231 days left 725", "19,876 sessions online connections / limit 20,411 / 65,024",
				"12 waiting for PostgreSQL age of the oldest 2s", "23,626 recorded · counted by this front from 2026-01-03 06:59 accepted login requests 20,411 submitted by operator relays 3,215 of these sent again 4 reason", "wrong password wrong_password 903", "2 key version 2",
				"client_demo_1.0 15,002 803 0 wrong password 803", "other 0 0 10 no such AppID 10", "core-a active 7", "down last fault: dial_failed", "2 sessions wait for a core",
				"relay_tf_1.0 admitted 2 3,215 7", "relay_old_0.9 not admitted", "relay_bad_1.0 wrong passwords", "1.0 valid RSA-2048 2026-01-31 08:59 26",
				"2.0 in use SM2 no end", "20260102 exported, not handed in", "20251231 handed in", "receipt R-1231", "a front is silent front 4 (host front4) did not report", "front4 v1.3.2",
			},
			[]string{
				"期货交易系统 · 前置 1 运行中", "正常服务；请运维查看", "密钥有效期", "交易日 20260105", "日历截至 20271231", "19,876 在线会话", "登录请求成功 20,411 一对多中继上报 3,215 其中重发 4 原因", "等待送入 PostgreSQL", "密码错误 wrong_password 903",
				"其他 0 0 10 AppID 不存在 10", "主用", "断开", "已准入", "猜测密码", "在用 SM2 无期限", "已导出，未报送", "已报送", "前置失去心跳", "失去心跳",
				"公钥版本 1.0 于 2026-01-31 08:59:30 到期（还有 26 天）", "4（主机 front4）自时段结束以来没有心跳（最近心跳 2026-01-05 07:28:30）",
				"在 PostgreSQL 可达时启动它；如果它已永久失去：tradefront front retire 4，报送文件会写明可能缺少登录",
			},
			[]string{"The store could not be asked", "Not ready"},
		},
		"PostgreSQL away": {
			away(),
			[]string{
				"1,234,567 waiting for PostgreSQL PostgreSQL is out of reach: connection refused", "3h0m0s", "in quarantine not known",
				"The store could not be asked; what follows is as of 2026-01-05 08:59:26 failed to connect", "20260102 exported", "19,876 sessions online",
			},
			[]string{"无法查询存储；以下内容的时间为 2026-01-05 08:59:26", "PostgreSQL 不可达：连接被拒绝", "已等待 3h0m0s", "隔离 未知"},
			nil,
		},
		"away from the beginning": {
			&Snapshot{At: at, Front: Front{State: Serving}, Load: &Load{Sessions: 5}, Shared: &Shared{Err: "no route"}},
			[]string{"and was not before: reports and fronts are not known. no route", "5 sessions online"},
			[]string{"报送与前置情况未知"},
			[]string{"Reports of closed trading days", "Nothing is known to keep"},
		},
		"empty, no calendar": {
			empty(),
			[]string{"All checks pass.", "provisional: the calendar does not know it", "No login yet.", "No terminal software yet.", "No relay is admitted.", "0 accounts of this front", "embedded store", "The store has no closed trading day yet.", "Nothing is known to keep a report back."},
			[]string{"全部检查通过。", "推定：日历未列出", "尚无登录。", "尚未准入中继。", "没有已知的报送障碍。", "内嵌存储"},
			[]string{"Fronts of the firm"},
		},
		"starting": {
			starting(),
			[]string{"starting", "Not ready", "failing front front the front is starting", "The front is starting; the rest follows"},
			[]string{"启动中", "未就绪", "前置正在启动"},
			[]string{"Trading day", "All checks pass"},
		},
		"crowded": {
			crowded(), []string{"483 AppIDs more", "34 fronts more", "283 relays more"}, []string{"483 个 AppID 未列出"}, []string{"app_100 ", "h v 120", "relay_299"},
		},
	} {
		for language, want := range map[show.Language][]string{show.English: c.english, show.Chinese: c.chinese} {
			got := text(rendered(t, c.of, language))
			for _, w := range want {
				if !strings.Contains(got, w) {
					t.Errorf("%s, %s lacks %q:\n%s", name, language, w, got)
				}
			}
			for _, w := range c.not {
				if language == show.English && strings.Contains(got, w) {
					t.Errorf("%s has %q", name, w)
				}
			}
		}
	}
}

func TestForeignTextIsEscaped(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script>{{.}}'`
	s := full()
	s.System, s.Front.Version, s.Front.Config = evil, evil, evil
	s.Checks[0].Reason, s.Checks[2].Reason = evil, evil
	s.Tally.Apps[evil] = tally.App{Logins: tally.Counts{evil: 99999}}
	s.Relays[0].AppID, s.Keys[0].Version, s.Core.Endpoints[0].CoreID, s.Core.Endpoints[2].Fault = evil, evil, evil, evil
	s.Shared.Err, s.Shared.Fronts[0].Host, s.Shared.Reports[0].File, s.Shared.Reports[1].Receipt = evil, evil, evil, evil
	s.Shared.Obstacles[0] = store.Obstacle{Kind: evil, Where: evil, What: evil, Next: evil}
	page := rendered(t, s, show.English)
	if strings.Contains(page, "<script") {
		t.Error("a script came through")
	}
	if n := strings.Count(page, "&lt;script&gt;alert(1)"); n < 15 {
		t.Errorf("%d texts of 15 and more are there, escaped", n)
	}
}

// TestPageNeedsNothingElse: no script, no form, no address but those of the listener's own pages, and the policy admits the style.
func TestPageNeedsNothingElse(t *testing.T) {
	t.Parallel()
	page := rendered(t, full(), show.English)
	for _, found := range regexp.MustCompile(`(?i)<(script|form|iframe|img|link|object|button|input)|\son\w+=|\sstyle=|url\(|@import|https?:`).FindAllString(page, -1) {
		t.Errorf("the page has %q", found)
	}
	for _, m := range regexp.MustCompile(`(?:href|src)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(m[1], "/") || strings.HasPrefix(m[1], "//") {
			t.Errorf("the page leads to %s", m[1])
		}
	}
	styles := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindAllStringSubmatch(page, -1)
	if len(styles) != 1 || !strings.Contains(policy, "'sha256-"+digest(styles[0][1])+"'") {
		t.Errorf("%d styles, or the policy does not admit it", len(styles))
	}
}

func TestHandlerChoosesLanguageAndRefresh(t *testing.T) {
	t.Parallel()
	h := Handler(func(context.Context) *Snapshot { return full() })
	for _, c := range []struct {
		target, accept, tag string
		refreshes           bool
		links               []string
	}{
		{"/", "", "en", true, []string{"/?lang=zh", "/?refresh=off"}},
		{"/", "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN", true, []string{"/?lang=en", "/?refresh=off"}},
		{"/", "de, en;q=0.4, zh-TW;q=0.7", "zh-CN", true, nil},
		{"/", "fr, zh;q=0", "en", true, nil},
		{"/?lang=zh", "en", "zh-CN", true, []string{"/?lang=en", "/?lang=zh&amp;refresh=off"}},
		{"/?lang=en&refresh=off", "zh", "en", false, []string{"/?lang=zh&amp;refresh=off", `"/?lang=en"`}},
		{"/?lang=xx", "zh", "zh-CN", true, nil},
	} {
		r := httptest.NewRequest("GET", c.target, nil)
		r.Header.Set("Accept-Language", c.accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		body := w.Body.String()
		if w.Code != 200 || !strings.Contains(body, `<html lang="`+c.tag+`">`) || w.Header().Get("Content-Language") != c.tag {
			t.Errorf("%s, %q: %d %.60s, want %s", c.target, c.accept, w.Code, body, c.tag)
		}
		if strings.Contains(body, `http-equiv="refresh"`) != c.refreshes {
			t.Errorf("%s: refreshes: %v", c.target, !c.refreshes)
		}
		for _, link := range c.links {
			if !strings.Contains(body, link) {
				t.Errorf("%s, %q: no link to %s", c.target, c.accept, link)
			}
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; ", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
		} {
			if got := w.Header().Get(name); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %q", name, got)
			}
		}
	}
}

// TestEachTextIsInBothLanguages, and none is there that the page does not use.
func TestEachTextIsInBothLanguages(t *testing.T) {
	t.Parallel()
	used := make(map[string]bool)
	for _, m := range regexp.MustCompile(`\{\{-? ?(?:else )?t "(\w+)"|[^.\w]t "(\w+)"`).FindAllStringSubmatch(pageSource, -1) {
		used[m[1]+m[2]] = true
	}
	for name := range used {
		if p := texts[name]; p.en == "" || p.zh == "" {
			t.Errorf("text %q is missing", name)
		}
	}
	for name := range texts {
		if !used[name] {
			t.Errorf("text %q is of no use", name)
		}
	}
	for check, p := range steps {
		if !Knows("check", check) || p.en == "" || p.zh == "" {
			t.Errorf("the step of %s lacks its check or a language", check)
		}
	}
	for check := range laterChecks {
		if !Knows("check", check) {
			t.Errorf("there is no check %s", check)
		}
	}
	for set, all := range words {
		for word := range all {
			if !Knows(set, word) {
				t.Errorf("%s %s is missing in a language", set, word)
			}
		}
	}
}

func TestClosedSetsAreKnownWhole(t *testing.T) {
	t.Parallel()
	for _, word := range reason.Words() {
		if !Knows("reason", word) {
			t.Errorf("reason %s is missing", word)
		}
	}
	if len(reasons) != len(reason.Words()) {
		t.Errorf("%d reasons, there are %d", len(reasons), len(reason.Words()))
	}
	for _, kind := range store.ObstacleKinds() {
		if !Knows("obstacle", string(kind)) {
			t.Errorf("obstacle %s is missing", kind)
		}
	}
}

// TestWorstComesFirst: what fails now before what ends some day, and what an operator must find out in a list that is cut.
func TestWorstComesFirst(t *testing.T) {
	t.Parallel()
	s := crowded()
	s.Checks = []Check{
		{"key_life", false, false, "ends"}, {"postgres", false, false, "is out of reach"}, {"calendar", false, false, "ends"}, {"core", false, true, "none"},
	}
	s.Front.Ready = false
	s.Core.Endpoints[0] = Endpoint{Name: "10.1.0.11:7001", State: "down"}
	s.Shared.Fronts = append(s.Shared.Fronts, FrontLine{ID: 9999, State: "silent", Host: "lost"})
	s.Relays = append(s.Relays, Relay{AppID: "relay_guess", Guessing: true})
	page := text(rendered(t, s, show.English))
	at := 0
	for _, want := range []string{
		"front 1 not ready", "failing trading core", "→ start a core", "warning PostgreSQL", "→ get PostgreSQL back", "life of the keys", "warning calendar",
		"No trading core is active", "relay_guess wrong passwords", "relay_tf_1.0", "tradefront report handed-in --day 20260102 --receipt NUMBER",
		"tradefront report day --day 20251230", "4 silent front4", "9999 silent lost", "1 running",
	} {
		i := strings.Index(page[at:], want)
		if i < 0 {
			t.Fatalf("%q is missing, or not behind what is worse:\n%s", want, page)
		}
		at += i
	}
}

// TestColourSaysHowUrgentItIs: records that are on their way, and ends that are far, have none.
func TestColourSaysHowUrgentItIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pending int64
		age     time.Duration
		trouble string
		want    string
	}{{0, 0, "", ""}, {12, 2 * time.Second, "", ""}, {12, longWait, "", "warn"}, {12, 0, "refused", "warn"}} {
		p := page{Snapshot: &Snapshot{At: at, Local: &Local{Pending: c.pending, Oldest: at.Add(-c.age), Trouble: c.trouble}}}
		if got := p.WaitClass(); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
	if got := near(61, 60) + near(59, 60) + near(6.9, 60); got != "warnbad" {
		t.Error(got)
	}
}

func TestOddFrontsAreMarked(t *testing.T) {
	t.Parallel()
	got := marked(full().Shared.Fronts)
	for i, want := range []bool{false, false, true, false} { // a front that does not run is not compared
		if got[i].OtherVersion != want || got[i].OtherConfig != want {
			t.Errorf("front %d: %v %v, want %v", got[i].ID, got[i].OtherVersion, got[i].OtherConfig, want)
		}
	}
}

func TestChartFitsItsFrame(t *testing.T) {
	t.Parallel()
	c := chartOf(full().Minute)
	if c.Peak != 2928 || len(c.Hours) != 4 || c.Width != tally.KeptMinutes*barPitch {
		t.Errorf("peak %d, %d hours, %d wide", c.Peak, len(c.Hours), c.Width)
	}
	highest := float64(barsHeight)
	for _, b := range c.Bars {
		highest = min(highest, b.RefusedY)
		if b.X < 0 || b.X+c.BarWidth > c.Width || b.RefusedY < -0.001 || b.RecordedY > barsHeight {
			t.Errorf("bar %+v is outside", b)
		}
	}
	if highest > 0.001 {
		t.Errorf("the highest bar ends %f below the top", highest)
	}
	for _, h := range chartOf([]tally.Minute{{Start: at}, {Start: at.Truncate(time.Hour)}}).Hours {
		if !h.Last {
			t.Error("the label of an hour that has just begun is cut")
		}
	}
	if c.Hours[0].Last || c.Hours[3].Last {
		t.Errorf("labels before their lines: %+v", c.Hours)
	}
	if c := chartOf(nil); c.Peak != 0 || len(c.Bars) != 0 {
		t.Errorf("%+v of nothing", c)
	}
}

func BenchmarkPage(b *testing.B) {
	s := crowded()
	for b.Loop() {
		var page strings.Builder
		if err := (view{Language: show.Chinese}).render(&page, s); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(page.Len()))
	}
}
