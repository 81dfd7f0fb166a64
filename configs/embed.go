// Package configs carries the samples beside this file, so that the demo
// needs nothing but the binary.
package configs

import _ "embed" // for Calendar

// Calendar is calendar.yaml, the exchanges' trading days.
//
//go:embed calendar.yaml
var Calendar []byte
