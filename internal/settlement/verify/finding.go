package verify

import (
	"cmp"
	"slices"
)

const (
	// examplesKept is how many findings of one kind are named; the others are only counted.
	examplesKept = 20
	// examplesShown is how many of them people are shown; the JSON has all that are kept.
	examplesShown = 6
)

// Example is one finding. The line numbers begin at 1; 0 is for the file as a whole.
type Example struct {
	Line      int64  `json:"line,omitempty"`
	OtherLine int64  `json:"other_line,omitempty"` // of a repeat: where it is first
	Problem   string `json:"problem,omitempty"`    // what exactly, where the kind does not say it
}

// findings counts what was found and keeps the first of each kind. Those of several
// workers add up to the same, in any order in which the lines were judged.
type findings struct {
	count [numKinds]int64
	first [numKinds][]Example // ascending by line
}

func (f *findings) add(k Kind, line int64, problem string) {
	f.addExample(k, Example{Line: line, Problem: problem})
}

func (f *findings) addExample(k Kind, e Example) {
	f.count[k]++
	f.keep(k, e)
}

func (f *findings) keep(k Kind, e Example) {
	kept := f.first[k]
	if len(kept) == examplesKept && e.Line >= kept[len(kept)-1].Line {
		return
	}
	at, _ := slices.BinarySearchFunc(kept, e, func(a, b Example) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.OtherLine, b.OtherLine), cmp.Compare(a.Problem, b.Problem))
	})
	kept = slices.Insert(kept, at, e)
	f.first[k] = kept[:min(len(kept), examplesKept)]
}

// merge adds what another worker found.
func (f *findings) merge(other *findings) {
	for k := range f.count {
		f.count[k] += other.count[k]
		for _, e := range other.first[k] {
			f.keep(Kind(k), e)
		}
	}
}

// Finding is all of one kind.
type Finding struct {
	Kind     string    `json:"kind"`
	Count    int64     `json:"count"`
	English  string    `json:"english"`
	Chinese  string    `json:"chinese"`
	Advice   string    `json:"advice"`
	AdviceZH string    `json:"advice_chinese"`
	Examples []Example `json:"examples"` // the first ones by line
}

// list is what was found of faults, or of warnings, in the order of the kinds.
func (f *findings) list(faults bool) (all []Finding, total int64) {
	all = []Finding{}
	for k := range numKinds {
		if f.count[k] == 0 || k.Fault() != faults {
			continue
		}
		about := kinds[k]
		all = append(all, Finding{about.word, f.count[k], about.english, about.chinese, about.advice, about.adviceChinese, f.first[k]})
		total += f.count[k]
	}
	return all, total
}
