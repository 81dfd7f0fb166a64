package command

import (
	"bytes"
	"fmt"
	"go/ast"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/show"
)

// TestProgressTexts: each work that a command shows, and what it counts, has Chinese with the same values, and the catalogs have no other.
func TestProgressTexts(t *testing.T) {
	t.Parallel()
	works, units := readProgress(t)
	if len(works) < 20 || len(units) < 5 {
		t.Errorf("of the source only %v and %v were found", works, units)
	}
	for format := range works {
		if zh := workInChinese[format]; zh == "" || !slices.Equal(verbs.FindAllString(format, -1), verbs.FindAllString(zh, -1)) {
			t.Errorf("%q: want Chinese with the same values in workInChinese, have %q", format, zh)
		}
	}
	for unit := range units {
		if unitsInChinese[unit] == "" {
			t.Errorf("no Chinese for the unit %q: add it to unitsInChinese", unit)
		}
	}
	for catalog, used := range map[*map[string]string]map[string]bool{&workInChinese: works, &unitsInChinese: units} {
		for english := range *catalog {
			if !used[english] {
				t.Errorf("no line of progress says %q", english)
			}
		}
	}
}

// readProgress finds the works and units in the source of the commands. Both are literals, but for the unit of the demo.
func readProgress(t *testing.T) (works, units map[string]bool) {
	t.Helper()
	works, units = make(map[string]bool), make(map[string]bool)
	note := func(all map[string]bool, path string, e ast.Expr) {
		switch text, literal := constant(e); {
		case !literal && path != "trial/demo.go" && path != "progress.go": // where a caller gave them
			t.Errorf("%s: a line of progress gets its text by a variable", path)
		case literal && text != "":
			all[text] = true
		}
	}
	eachSource(t, func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				switch name := calledName(n); {
				case name == "Doing":
					note(works, path, n.Args[0])
				case name == "Progress" && len(n.Args) == 3:
					note(units, path, n.Args[2])
				}
			case *ast.CompositeLit:
				if nameOf(n.Type) == "Phase" {
					for _, element := range n.Elts {
						if field, is := element.(*ast.KeyValueExpr); is && fmt.Sprint(field.Key) == "Unit" {
							note(units, path, field.Value)
						}
					}
				}
			}
			return true
		})
	})
	return works, units
}

// calledName is the last name of the function or method that is called.
func calledName(c *ast.CallExpr) string { return nameOf(c.Fun) }

// nameOf is the last name of an expression: Tell of Tell and of command.Tell.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// TestWaiting: what is over before it is shown leaves nothing, and end may be called twice.
func TestWaiting(t *testing.T) {
	synctest.Test(t, func(*testing.T) {
		e := &Env{Err: new(bytes.Buffer), quick: time.Second}
		for _, takes := range []time.Duration{0, time.Minute} {
			end := e.Waiting(Doing("checking"))
			time.Sleep(takes)
			end()
			end()
		}
	})
}

// TestBarInChinese: what a short run does not show.
func TestBarInChinese(t *testing.T) {
	t.Parallel()
	for _, total := range []int64{0, 10} {
		bar := (&Env{Lang: show.Chinese}).newBar(Doing("verifying"), total, "bytes")
		if what, unit, left := bar.Get("what"), bar.Get("unit"), bar.Get("left"); what != "正在核验" || unit != "字节" || left != "剩余 %s" {
			t.Errorf("%q %q %q", what, unit, left)
		}
	}
}
