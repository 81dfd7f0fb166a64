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

// agentSource describes those of a relay agent.
//
//go:embed agent.go
var agentSource string

// help is what config.go or agent.go says above the key, one line or more without line end.
func (f *field) help() []string { return helpTexts()[f.owner+"."+f.goName] }

// helpTexts are the comments of all fields of all structs, by struct and field.
var helpTexts = sync.OnceValue(func() map[string][]string {
	texts := make(map[string][]string) // a struct is in one of the two files
	for name, source := range map[string]string{"config.go": keysSource, "agent.go": agentSource} {
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ParseComments)
		if err != nil {
			panic("config: " + err.Error()) // it was compiled
		}
		addHelp(texts, file)
	}
	return texts
})

func addHelp(texts map[string][]string, file *ast.File) {
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
}
