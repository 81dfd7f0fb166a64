// Package docs is the handbook. Commands print parts of it, so that what a page and a command say about an error is the
// same text; its tests check that the pages say what the program does.
package docs

import _ "embed" // of the pages

// The pages on errors.
var (
	//go:embed errors.md
	ErrorsEnglish string
	//go:embed errors.zh-CN.md
	ErrorsChinese string
)
