package config

import (
	_ "embed"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"sync"
)

// keysSource is the file that describes the keys. Its comments are the help: the compiler drops them, so
// the program carries the file.
//
//go:embed config.go
var keysSource string

// help is what config.go says above the key, one line or more without line end.
func (f *field) help() []string { return helpTexts()[f.owner+"."+f.goName] }

// helpTexts are the comments of all fields of all structs, by struct and field.
var helpTexts = sync.OnceValue(func() map[string][]string {
	file, err := parser.ParseFile(token.NewFileSet(), "config.go", keysSource, parser.ParseComments)
	if err != nil {
		panic("config: " + err.Error()) // it was compiled
	}
	texts := make(map[string][]string)
	ast.Inspect(file, func(n ast.Node) bool {
		t, is := n.(*ast.TypeSpec)
		if !is {
			return true
		}
		if s, is := t.Type.(*ast.StructType); is {
			for _, f := range s.Fields.List {
				texts[t.Name.Name+"."+f.Names[0].Name] = strings.Split(strings.TrimSpace(f.Doc.Text()), "\n")
			}
		}
		return false
	})
	return texts
})
