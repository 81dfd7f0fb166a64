// Package config loads the configuration: strictly, all faults at once.
//
// # Layers
//
// A file is read into the documented Config struct: defaults for every leaf, then the file,
// then one TRADEFRONT_ environment variable for each leaf; viper layers and decodes. The
// struct is the only place where keys are written down (schema.go reads it by reflection),
// and the manual (manual.go) the only place for their words and bounds: what is printed by
// WriteDefaults is what Load enforces.
//
// # Strictness
//
// Unknown keys and variables, keys that stand twice, wrong types and values outside their
// bounds are collected into one Faults error, each with its key path, what is wrong and
// what to do; nothing stops at the first. A value that YAML could take for something else
// than the operator wrote (0001 without quotes) is refused, not guessed. A key that could
// not be read is not judged as well. Files that are named and not there are found by
// CheckFiles, apart, because some commands make them.
//
// Loading opens no database and no socket, and reads no key: whether a PEM file holds a
// usable key is the business of whoever uses it, who reports with the same Fault type so
// that the operator gets one report.
//
// # Invariants
//
//   - A Config that Load returned passed every check; it never changes by itself.
//   - No fault contains a part of the database's URL.
//   - Nothing here is global and nothing watches files: a reload is a second Load.
//
// # Bounds
//
// A file is at most maxFile bytes, without YAML aliases, so that reading it takes time and
// memory in proportion. A list grows by the environment one entry at a time, without gaps.
package config
