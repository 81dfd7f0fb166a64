package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"
)

// kind is how the value of a key is written in YAML.
type kind int

const (
	section   kind = iota // a mapping of keys
	list                  // a list of sections
	text                  // a string
	number                // a whole number
	duration              // a number with a unit of time
	flag                  // true or false
	valueList             // a list of texts or numbers
	fraction              // a number with a decimal point
	pairs                 // a mapping of texts to texts, in memory a list of texts as name=value
)

func (k kind) String() string {
	return [...]string{
		section: "a section", list: "a list", text: "a text", number: "a whole number",
		duration: "a time with its unit", flag: "true or false", valueList: "a list of values",
		fraction: "a number as 0.5", pairs: "a mapping of texts",
	}[k]
}

// leafType is how the values of a Go type are written, and how a text becomes one.
type leafType struct {
	kind    kind
	element reflect.Type // of a list: what its entries are written as
	// read makes the value of a text or of a list, once the layers are known; nil if it is as it is
	// written. The faults name no key where they are about the whole value, and "[1]" where they are
	// about an entry.
	read func(written any, at place) (any, Faults)
}

// place is where a value belongs.
type place struct {
	key         string // with the numbers of entries, "keys[0].public_key_file"
	folder      string // of the configuration file
	credentials string // systemd's folder of credentials, "" if there is none
}

// leafTypes are the types that a key can have.
var leafTypes = map[reflect.Type]leafType{
	reflect.TypeFor[string]():            {kind: text},
	reflect.TypeFor[bool]():              {kind: flag},
	reflect.TypeFor[int]():               {kind: number},
	reflect.TypeFor[int32]():             {kind: number},
	reflect.TypeFor[uint32]():            {kind: number},
	reflect.TypeFor[float64]():           {kind: fraction},
	reflect.TypeFor[PublicAddresses]():   {kind: pairs, element: reflect.TypeFor[string](), read: readPublicAddresses},
	reflect.TypeFor[[]string]():          {kind: valueList, element: reflect.TypeFor[string]()},
	reflect.TypeFor[[]int32]():           {kind: valueList, element: reflect.TypeFor[int32]()},
	reflect.TypeFor[time.Duration]():     {kind: duration},
	reflect.TypeFor[time.Time]():         {kind: text, read: fromText(parseMoment)},
	reflect.TypeFor[zapcore.Level]():     {kind: text, read: fromText(parseLevel)},
	reflect.TypeFor[Address]():           {kind: text, read: fromText(parseAddress)},
	reflect.TypeFor[EarlyDrop]():         {kind: text, read: fromText(parseEarlyDrop)},
	reflect.TypeFor[DatabaseURL]():       {kind: text, read: fromText(parseDatabaseURL)},
	reflect.TypeFor[File]():              {kind: text, read: readFileName},
	reflect.TypeFor[AppIDs]():            {kind: valueList, element: reflect.TypeFor[string](), read: readAppIDs},
	reflect.TypeFor[CoreEndpoints]():     {kind: valueList, element: reflect.TypeFor[string](), read: readCoreEndpoints},
	reflect.TypeFor[TrustedNetworks]():   {kind: valueList, element: reflect.TypeFor[string](), read: readTrustedNetworks},
	reflect.TypeFor[ExemptNetworks]():    {kind: valueList, element: reflect.TypeFor[string](), read: readExemptNetworks},
	reflect.TypeFor[UpstreamAddresses](): {kind: valueList, element: reflect.TypeFor[string](), read: readUpstreamAddresses},
}

// reader is what makes the value of the key, nil if it is as it is written.
func (f *field) reader() func(written any, at place) (any, Faults) {
	if f.written() {
		return readWrittenName
	}
	return leafTypes[f.goType].read
}

// fromText is the reader of a type that needs the text alone.
func fromText[T any](parse func(string) (T, error)) func(any, place) (any, Faults) {
	return func(written any, _ place) (any, Faults) {
		value, err := parse(written.(string))
		if err != nil {
			return value, Faults{{Problem: err.Error()}}
		}
		return value, nil
	}
}

// parse reads a leaf as it is written, the same way from file, environment and config.go. problem is ""
// if that is possible.
func (f *field) parse(s string) (value any, problem string) {
	switch f.kind {
	case text:
		return s, ""
	case flag:
		if s == "true" || s == "false" {
			return s == "true", ""
		}
		return nil, "is neither true nor false"
	case duration:
		d, err := time.ParseDuration(s)
		if err != nil {
			return nil, "is not a time with its unit, as 30s, 200ms or 12h"
		}
		return d, ""
	case number:
		return parseNumber(s, f.goType)
	case fraction:
		return parseFraction(s)
	case valueList, pairs:
		return f.parseList(s)
	}
	panic("config: parse of " + f.kind.String()) // callers ask for leaves only
}

// parseList reads values with commas between, as the environment has them.
func (f *field) parseList(s string) (any, string) {
	all := []any{}
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		value, problem := f.element.parse(part)
		if problem != "" {
			return nil, problem
		}
		all = append(all, value)
	}
	return all, ""
}

// fractionScale is what a bound of a fraction counts, so that bounds of all kinds are whole numbers.
const fractionScale = 1e-6

// parseFraction takes plain decimals only, of six places at most: what fractionScale can tell apart.
func parseFraction(s string) (value any, problem string) {
	whole, places, _ := strings.Cut(s, ".")
	if whole == "" || len(whole) > 9 || len(places) > 6 || strings.HasSuffix(s, ".") || strings.Trim(whole+places, "0123456789") != "" {
		return nil, "is not a plain decimal number, as 0.5"
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil, "is not a plain decimal number, as 0.5"
	}
	return n, ""
}

// parseNumber takes plain decimal only: YAML reads 010 as 8 and 0x10 as 16, people differ.
func parseNumber(s string, t reflect.Type) (value any, problem string) {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" || len(digits) > 1 && digits[0] == '0' {
		return nil, "is not a plain decimal whole number"
	}
	n := reflect.New(t).Elem()
	var err error
	if n.CanInt() {
		var i int64
		i, err = strconv.ParseInt(s, 10, t.Bits())
		n.SetInt(i)
	} else {
		var u uint64
		u, err = strconv.ParseUint(s, 10, t.Bits())
		n.SetUint(u)
	}
	if err != nil {
		return nil, fmt.Sprintf("does not fit into %d bits", t.Bits())
	}
	return n.Interface(), ""
}

func parseLevel(s string) (zapcore.Level, error) { return zapcore.ParseLevel(s) }

// printDuration is shorter than Duration.String: 12h, not 12h0m0s.
func printDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
