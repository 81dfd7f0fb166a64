// Package config loads the configuration: strictly, all faults at once.
//
// A file is read by viper into the documented Config struct, with a default for every
// leaf and an environment variable that overrides it. Unknown keys, wrong types, values
// outside their bounds and files that are not there are all collected into one Faults
// error, each with its key path, what is wrong and what to do; nothing stops at the first.
//
// Loading opens no database and no socket, and reads no key: whether a PEM file holds a
// usable key is the business of whoever uses it, who reports with the same Fault type so
// that the operator gets one report.
//
// Nothing here is global and nothing watches files: a reload is a second Load.
package config
