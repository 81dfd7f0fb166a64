package chinese

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// sentence is one that the source makes for a person: its format string, %s for each value that is put together by +.
type sentence struct{ format, at string }

// source has the sentences of the packages below a folder of the repository, by folder.
type source struct {
	files     *token.FileSet
	sentences map[string][]sentence // those that a person gets to read
	literals  map[string]string     // where each text of the source is, also those that are put together by +
}

// readSource reads cmd and internal, once for all tests.
var readSource = sync.OnceValue(func() *source {
	s := &source{files: token.NewFileSet(), sentences: make(map[string][]sentence), literals: make(map[string]string)}
	root := os.DirFS("../..")
	for _, top := range []string{"cmd", "internal"} {
		err := fs.WalkDir(root, top, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "internal/chinese/") {
				return err
			}
			text, err := fs.ReadFile(root, path)
			if err != nil {
				return err
			}
			file, err := parser.ParseFile(s.files, path, text, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			s.read(filepath.Dir(path), file)
			return nil
		})
		if err != nil {
			panic(err)
		}
	}
	return s
})

func (s *source) read(folder string, file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		if e, is := n.(ast.Expr); is {
			if f := formatOf(e); f != "%s" {
				s.literals[f] = s.at(e)
			}
		}
		if field, is := n.(*ast.Field); is && field.Tag != nil {
			if f := missing(field.Tag.Value); isSentence(f) {
				s.sentences[folder] = append(s.sentences[folder], sentence{f, s.at(field.Tag)})
				s.literals[f] = s.at(field.Tag)
			}
		}
		for _, e := range spoken(n) {
			f := formatOf(e)
			if !isSentence(f) {
				continue
			}
			s.sentences[folder] = append(s.sentences[folder], sentence{f, s.at(e)})
		}
		return true
	})
}

// missing is what a key's tag says of a file that is not there.
func missing(tag string) string {
	text, _ := strconv.Unquote(tag)
	return reflect.StructTag(text).Get("missing")
}

func (s *source) at(e ast.Expr) string {
	at := s.files.Position(e.Pos())
	return at.Filename + ":" + strconv.Itoa(at.Line)
}

// word is one of English: no path, no key and no flag.
var word = regexp.MustCompile(`^[("]?[A-Za-z][A-Za-z'’-]*[,;:.?!)"]*$`)

// isSentence: a text with two words at least.
func isSentence(format string) bool {
	words := 0
	for _, w := range strings.Fields(verb.ReplaceAllString(format, " ")) {
		if word.MatchString(w) {
			words++
		}
	}
	return words >= 2
}

// formatOf is the format string of what an expression makes.
func formatOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			text, _ := strconv.Unquote(e.Value)
			return text
		}
	case *ast.ParenExpr:
		return formatOf(e.X)
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return formatOf(e.X) + formatOf(e.Y)
		}
	case *ast.CallExpr:
		if name := called(e); slices.Contains([]string{"fmt.Sprintf", "fmt.Errorf", "errors.New"}, name) {
			return formatOf(e.Args[0])
		}
	}
	return "%s"
}

func called(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, is := f.X.(*ast.Ident); is {
			return x.Name + "." + f.Sel.Name
		}
		return f.Sel.Name
	}
	return ""
}

// ofEnv reports whether a method of a struct's field env is called: a command's warning, where a log's would have another name.
func ofEnv(c *ast.CallExpr) bool {
	f, is := c.Fun.(*ast.SelectorExpr)
	if !is || f.Sel.Name != "Warn" {
		return false
	}
	x, is := f.X.(*ast.SelectorExpr)
	return is && x.Sel.Name == "env"
}

// fields are those that hold sentences, as variables and in structs.
var fields = []string{"What", "what", "Next", "next", "Problem", "problem", "Fix", "fix", "Reason", "advice", "detail", "Detail"}

// spoken are the expressions of a node that become an error, the reason of a check, an obstacle or a fault.
func spoken(n ast.Node) (all []ast.Expr) {
	switch n := n.(type) {
	case *ast.CallExpr:
		switch name := called(n); {
		case name == "fmt.Errorf", name == "errors.New", (strings.HasSuffix(name, ".warn") || strings.HasSuffix(name, ".Warn") || ofEnv(n)) && len(n.Args) > 0:
			all = append(all, n.Args[0])
		case name == "append" && len(n.Args) == 2 && slices.Contains([]string{"Warnings", "remarks", "warnings", "lines"}, nameOf(n.Args[0])):
			all = append(all, n.Args[1])
		case strings.HasSuffix(name, ".problem") && len(n.Args) == 1: // of a search in audit logs
			all = append(all, n.Args[0])
		case strings.HasSuffix(name, ".fault") && len(n.Args) == 2: // of a load test's proof
			all = append(all, n.Args[1])
		case strings.HasSuffix(name, ".Add") && len(n.Args) == 2: // accountfile.Faults
			all = append(all, n.Args[1])
		case strings.HasSuffix(name, ".add") && len(n.Args) == 3: // config.Faults
			all = append(all, n.Args[1], n.Args[2])
		}
	case *ast.ReturnStmt:
		if len(n.Results) == 2 { // of a check
			ready, is := n.Results[0].(*ast.Ident)
			_, compared := n.Results[0].(*ast.BinaryExpr)
			if is && (ready.Name == "true" || ready.Name == "false") || compared {
				all = append(all, n.Results[1])
			}
		}
	case *ast.FuncDecl:
		if n.Name.Name == "Error" && n.Recv != nil && n.Body != nil {
			ast.Inspect(n.Body, func(in ast.Node) bool {
				if r, is := in.(*ast.ReturnStmt); is {
					all = append(all, r.Results...)
				}
				return true
			})
		}
	case *ast.KeyValueExpr:
		if key, is := n.Key.(*ast.Ident); is && slices.Contains(fields, key.Name) {
			all = append(all, n.Value)
		}
	case *ast.ValueSpec:
		for i, name := range n.Names {
			if slices.Contains(fields, name.Name) && i < len(n.Values) {
				all = append(all, n.Values[i])
			}
		}
	case *ast.AssignStmt:
		for i, left := range n.Lhs {
			if name := nameOf(left); slices.Contains(fields, name) && i < len(n.Rhs) {
				all = append(all, n.Rhs[i])
			}
		}
	}
	return all
}

func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}
