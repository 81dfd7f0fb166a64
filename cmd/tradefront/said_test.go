package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/chinese"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/supplement"
)

// printedInEnglish are files whose output a developer or a tester reads, or that goes into the log of a service.
var printedInEnglish = []string{"core_", "loadtest_generators", "loadtest_run", "loadtest_tell", "loadtest_merge", "loadtest_verify", "man.go", "ping.go", "serve.go"}

// toldByVariable are the formats that tell gets by a variable.
func toldByVariable() []string {
	all := []string{accountDisable.done, accountEnable.done, accountRemove.done}
	for _, m := range []map[bool]string{appSwitched, alreadySwitched, relaySwitched, relayAlready} {
		all = append(all, m[true], m[false])
	}
	return all
}

// printed is what the source of this package prints.
type printed struct{ told, english, headers []string }

func readPrinted(t *testing.T) (p printed) {
	t.Helper()
	eachSource(t, func(path string, file *ast.File) {
		english := slices.ContainsFunc(printedInEnglish, func(begin string) bool { return strings.HasPrefix(path, begin) })
		ast.Inspect(file, func(n ast.Node) bool {
			if c, is := n.(*ast.CallExpr); is && len(c.Args) > 1 {
				p.add(path, c, english)
			}
			return true
		})
	})
	return p
}

// eachSource visits the files of this package, without tests.
func eachSource(t *testing.T, visit func(path string, file *ast.File)) {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		visit(path, file)
	}
}

func (p *printed) add(path string, c *ast.CallExpr, english bool) {
	text, literal := constant(c.Args[1])
	if !literal {
		return
	}
	switch f := c.Fun.(type) {
	case *ast.Ident:
		switch f.Name {
		case "tell":
			p.told = append(p.told, text)
		case "table":
			p.headers = append(p.headers, strings.Split(text, "\t")...)
		}
	case *ast.SelectorExpr:
		if x, is := f.X.(*ast.Ident); is && x.Name == "fmt" && strings.HasPrefix(f.Sel.Name, "Fprint") && !english && isEnglish(text) {
			p.english = append(p.english, path+": "+text)
		}
	}
}

// constant is the text of a literal, also of one put together by +; of "trading day\t"+what it is the first part.
func constant(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		a, first := constant(e.X)
		b, second := constant(e.Y)
		if first && !second {
			return strings.TrimSuffix(a, "\t"), true
		}
		return a + b, first && second
	}
	return "", false
}

var (
	verbs   = regexp.MustCompile(`%[-+0-9.]*([a-zA-Z%])`)
	english = regexp.MustCompile(`[A-Za-z]{2,} +[A-Za-z]{2,}|^[A-Z]+ [A-Z]+\n$|warning`)
)

// isEnglish reports whether a format has more words of English than names of programs.
func isEnglish(format string) bool { return english.MatchString(verbs.ReplaceAllString(format, " ")) }

// TestSaidInChinese: each sentence that a command prints has Chinese with the same values, each header too, and the catalogs have nothing
// that no command prints.
func TestSaidInChinese(t *testing.T) {
	t.Parallel()
	p := readPrinted(t)
	for _, text := range p.english {
		t.Errorf("%q: print it by tell, and add it to saidInChinese", text)
	}
	used := slices.Concat(p.told, toldByVariable())
	for _, format := range used {
		zh := saidInChinese[format]
		if zh == "" {
			t.Errorf("no Chinese for %q: add it to saidInChinese", format)
			continue
		}
		if want, got := verbs.FindAllString(format, -1), verbs.FindAllString(zh, -1); !slices.Equal(want, got) {
			t.Errorf("%q has the values %q, its Chinese %q", format, want, got)
		}
		if strings.HasSuffix(format, "\n") != strings.HasSuffix(zh, "\n") || strings.HasPrefix(format, "\n") != strings.HasPrefix(zh, "\n") {
			t.Errorf("%q ends or begins a line, its Chinese does not", format)
		}
	}
	for format := range saidInChinese {
		if !slices.Contains(used, format) {
			t.Errorf("no command prints %q", format)
		}
	}
	if len(p.headers) < 100 {
		t.Errorf("%d columns were found", len(p.headers))
	}
	for _, column := range p.headers {
		if columnsInChinese[column] == "" {
			t.Errorf("no Chinese for the column %q: add it to columnsInChinese", column)
		}
	}
}

// TestWordsInChinese: each word of the closed sets that lists show has Chinese.
func TestWordsInChinese(t *testing.T) {
	t.Parallel()
	sets := map[string][]string{
		"user":          {regulation.UserCustomer.Word(), regulation.UserOperator.Word()},
		"app":           {auth.AppDirect.String(), auth.AppInvestorRelay.String(), auth.AppOperatorRelay.String()},
		"relay":         {relayTypeOf(auth.AppInvestorRelay), relayTypeOf(auth.AppOperatorRelay)},
		"terminal_apps": {string(relay.Listed), string(relay.Audit)},
		"severity":      {string(ops.Required), string(ops.Warning)},
		"front":         {"running", "stopped", "silent", "other life", "retired"},
		"state":         {"starting", "serving", "draining"},
		"masterkey":     {"current", "new", "old"},
		"archive":       {string(store.ArchiveDetached), string(store.ArchiveDropped), string(store.ArchiveRestored), string(store.ArchiveDestroyed)},
		"export":        {string(store.FullExport), string(store.PartialExport), string(store.SupplementExport)},
		"side":          {"front", "relay"},
	}
	for s := local.Enabled; s.String() != "invalid"; s++ {
		sets["account"] = append(sets["account"], s.String())
	}
	for s := supplement.KeyNotYet; s.String() != "invalid"; s++ {
		sets["key"] = append(sets["key"], s.String())
	}
	for s := session.Connected; s <= session.Closed; s++ {
		sets["session"] = append(sets["session"], s.String())
	}
	for f := regulation.FlagNormal; f.Valid(); f++ {
		sets["flag"] = append(sets["flag"], f.Word())
	}
	for set, words := range sets {
		for _, word := range words {
			if zh := chinese.Word(set, word); !strings.ContainsFunc(zh, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
				t.Errorf("%s %q is %q: add it to internal/chinese/words.go", set, word, zh)
			}
		}
	}
}

func relayTypeOf(t auth.AppType) string { return (*relayType)(&t).String() }

// TestListsInChinese: what lists show of states and types, within tables too, is in the language of who reads them.
func TestListsInChinese(t *testing.T) {
	t.Parallel()
	var zh, en bytes.Buffer
	for _, w := range []struct {
		out  *bytes.Buffer
		lang env
	}{{&zh, env{lang: "zh"}}, {&en, env{lang: "en"}}} {
		out := w.lang.readBy(w.out)
		printAccounts(out, []shownAccount{{Account: "8001", UserType: "2", State: "disabled"}})
		printFronts(out, []shownFront{{FrontID: 3, State: "silent", holds: "20260105: 7 and 2 in quarantine, 1 corrupt stores"}})
		printSessions(out, []daemon.Session{{SessionID: 9, State: "logged_in", Terminals: 4}})
		(&shownRelay{AppID: "a_b_1", Type: "operator", Operators: []regulation.Account{"8001"}, Scope: map[string]shownScope{"8001": {All: true}}}).print(out)
		tell(out, "ready\n")
		tell(out, "applied %s\n", "00001_init.sql")
	}
	for _, want := range []string{
		"资金账户", "8001      操作员  停用", "失去心跳", "20260105: 7，另有隔离 2 条，1 个损坏的本地库", "已登录", "4（中继）", "一对多, 未准入", "范围 8001          全部账户", "就绪\n", "已升级 00001_init.sql\n",
	} {
		if !strings.Contains(zh.String(), want) {
			t.Errorf("%q is not in\n%s", want, &zh)
		}
	}
	for _, want := range []string{"ACCOUNT", "8001     operator  disabled", "silent", "7 and 2 in quarantine, 1 corrupt stores", "logged_in", "4 of a relay", "operator, disabled", "scope of 8001      all", "ready\n"} {
		if !strings.Contains(en.String(), want) {
			t.Errorf("%q is not in\n%s", want, &en)
		}
	}
	if strings.ContainsFunc(en.String(), func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		t.Errorf("Chinese in\n%s", &en)
	}
}
