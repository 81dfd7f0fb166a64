// Package config loads the configuration: strictly, all faults at once.
//
// # One description of each key
//
// config.go describes each key once, as a field of Config or of one of its sections (agent.go does so for a relay agent, as Agent): the field's type is
// how the value is written, its comment is the help, its tags are default, bounds and choices. Loading,
// checking, the printed defaults, the reference page, the environment variables and the check of the
// files are made from that (schema.go, help.go). A new key is one field; a new type of value is one line
// of leafTypes (leaf.go) and its parser. Rules
// that join several keys are in check.go. A test of docs makes docs/configuration.md from what is printed.
//
// # Layers
//
// The defaults, the file and one TRADEFRONT_ environment variable for each leaf are put over each other
// by viper, each value as it is written (yaml.go, env.go). What results is settled (settle.go): held to
// its bounds, and its texts parsed into addresses, networks, times, files and URLs. Code outside of this
// package never parses a text of the configuration.
//
// # Strictness
//
// Unknown keys and variables, keys that are written twice, wrong types and values outside their
// bounds are collected into one Faults error, each with its key path, what is wrong and
// what to do; nothing stops at the first. A value that YAML could take for something else
// than the operator wrote (0001 without quotes) is refused, not guessed. A key that could
// not be read is not judged as well. Files that are named and not there are found by
// CheckFiles, apart, because some commands make them.
//
// The file is walked as yaml.v3's nodes, beside the schema. yaml.v3's own decoding into a struct, with
// KnownFields, finds unknown and repeated keys too, but it names them without their path, ends a list of
// faults at the first error of a parser of ours, and turns 0001 and yes into what they do not show.
//
// Loading opens no database and no socket, and reads no key: whether a PEM file holds a
// usable key is judged by its user, who reports with the same Fault type so
// that the operator gets one report.
//
// # Invariants
//
//   - A Config that Load returned without error passed every check; it never changes by itself.
//   - No fault contains a part of the database's URL.
//   - Nothing here is global and nothing watches files: a reload is a second Load.
//   - Nothing here is written, so a crash leaves nothing.
//
// # Bounds
//
// A file is at most maxFile bytes, without YAML aliases, so that reading it takes time and
// memory in proportion. The entries of a list are written in the file alone.
package config
