package doctor

import (
	"errors"
	"strings"

	"github.com/tradefront/tradefront/internal/config"
)

// Status is what a finding says.
type Status string

// The statuses, from good to bad.
const (
	Pass Status = "pass"
	Skip Status = "skip" // the check could not be made
	Warn Status = "warn"
	Fail Status = "fail"
)

// Finding is one line: what a check saw, and the next step if that is not good.
type Finding struct {
	Check  string
	Status Status
	Key    string // of the configuration; "" if none is concerned
	Detail Text
	Next   Text // of Warn and Fail
}

// findings is what a check gathers.
type findings struct {
	check *check
	all   []Finding
}

func (f *findings) add(status Status, detail Text) *Finding {
	f.all = append(f.all, Finding{Check: f.check.name, Status: status, Detail: detail})
	return &f.all[len(f.all)-1]
}

func (f *findings) pass(en, zh string, args ...any) { f.add(Pass, say(en, zh, args...)) }

func (f *findings) skip(en, zh string, args ...any) { f.add(Skip, say(en, zh, args...)) }

func (f *findings) warn(detail Text) *Finding {
	finding := f.add(Warn, detail)
	finding.Next = f.check.advice
	return finding
}

// trouble is a Warn or a Fail, as the check's severity has it.
func (f *findings) trouble(detail Text) *Finding {
	finding := f.add(f.check.worst, detail)
	finding.Next = f.check.advice
	return finding
}

// fault is the trouble that an error names: faults of the configuration are a finding each.
func (f *findings) fault(key string, err error) {
	var faults config.Faults
	if !errors.As(err, &faults) {
		faults = config.Faults{{Key: key, Problem: strings.TrimSuffix(oneLine(err), "; "+f.check.advice.EN)}} // that is the next step already
	}
	f.remarks(faults)
}

// remarks are what another room found.
func (f *findings) remarks(faults config.Faults) {
	for _, fault := range faults {
		finding := f.trouble(foreign(fault.Problem))
		finding.Key = fault.Key
		if fault.Fix != "" {
			finding.Next = foreign(fault.Fix)
		}
	}
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
