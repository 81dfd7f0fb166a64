package command

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// printedInEnglish are files whose output a developer or a tester reads, or that goes into the log of a service.
var printedInEnglish = []string{
	"trial/core_", "trial/loadtest_run", "trial/loadtest_tell", "trial/loadtest_merge", "trial/loadtest_verify",
	"help/man.go", "fronts/serve.go",
}

// toldByVariable are the variables whose formats Tell gets, and how many each has: of a map each value, of a struct the last field.
var toldByVariable = map[string]int{
	"accountDisable": 1, "accountEnable": 1, "accountRemove": 1, "appSwitched": 2, "alreadySwitched": 2, "relaySwitched": 2, "relayAlready": 2,
}

// printed is what the source of the commands prints.
type printed struct {
	told, english, headers []string
	variables              map[string]int // of toldByVariable, how many formats each has
}

func readPrinted(t *testing.T) (p printed) {
	t.Helper()
	p.variables = make(map[string]int)
	eachSource(t, func(path string, file *ast.File) {
		english := slices.ContainsFunc(printedInEnglish, func(begin string) bool { return strings.HasPrefix(path, begin) })
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if len(n.Args) > 1 {
					p.add(path, n, english)
				}
			case *ast.ValueSpec:
				p.addVariable(n)
			}
			return true
		})
	})
	return p
}

// addVariable takes the formats that a variable of toldByVariable has.
func (p *printed) addVariable(v *ast.ValueSpec) {
	name := v.Names[0].Name
	if toldByVariable[name] == 0 || len(v.Values) != 1 {
		return
	}
	of, is := v.Values[0].(*ast.CompositeLit)
	if !is {
		return
	}
	for i, element := range of.Elts {
		pair, isPair := element.(*ast.KeyValueExpr)
		if isPair {
			element = pair.Value
		}
		if text, literal := constant(element); literal && (isPair || i == len(of.Elts)-1) {
			p.told = append(p.told, text)
			p.variables[name]++
		}
	}
}

// eachSource visits the files of the kit, of each room and of the program, without tests. A path begins at this folder.
func eachSource(t *testing.T, visit func(path string, file *ast.File)) {
	t.Helper()
	var paths []string
	for _, of := range []string{"*.go", "*/*.go", "../../cmd/tradefront/*.go"} {
		found, err := filepath.Glob(of)
		if err != nil || len(found) == 0 {
			t.Fatal(of, err)
		}
		paths = append(paths, found...)
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
	switch name := calledName(c); {
	case name == "Tell":
		p.told = append(p.told, text)
	case name == "Table":
		p.headers = append(p.headers, strings.Split(text, "\t")...)
	case isFmt(c.Fun) && strings.HasPrefix(name, "Fprint") && !english && isEnglish(text):
		p.english = append(p.english, path+": "+text)
	}
}

// isFmt reports whether a function of package fmt is called.
func isFmt(f ast.Expr) bool {
	s, is := f.(*ast.SelectorExpr)
	if !is {
		return false
	}
	x, is := s.X.(*ast.Ident)
	return is && x.Name == "fmt"
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
		t.Errorf("%q: print it by command.Tell, and add it to saidInChinese", text)
	}
	for name, formats := range toldByVariable {
		if p.variables[name] != formats {
			t.Errorf("%s has %d formats, want %d", name, p.variables[name], formats)
		}
	}
	used := p.told
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
