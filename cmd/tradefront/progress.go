package main

import (
	"os"

	"github.com/cheggaaa/pb/v3"
)

// progress shows long work on a terminal, and nothing where standard error is no terminal.
type progress struct{ bar *pb.ProgressBar }

const (
	knownTotal   = `{{ string . "what" }} {{ counters . }} {{ bar . }} {{ percent . }} {{ speed . "%s/s" }} {{ rtime . "left %s" }}`
	unknownTotal = `{{ string . "what" }} {{ counters . }} {{ string . "unit" }} {{ speed . "%s/s" }} {{ etime . }}`
)

// progress begins a bar on standard error; total 0 is for work of unknown size.
func (e *env) progress(what string, total int64, unit string) *progress {
	f, ok := e.err.(*os.File)
	if !ok {
		return &progress{}
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &progress{}
	}
	template := knownTotal
	if total == 0 {
		template = unknownTotal
	}
	bar := pb.ProgressBarTemplate(template).New(int(total)).Set("what", what).Set("unit", unit)
	bar.SetWriter(f)
	return &progress{bar.Start()}
}

func (p *progress) set(n int64) {
	if p.bar != nil {
		p.bar.SetCurrent(n)
	}
}

func (p *progress) end() {
	if p.bar != nil {
		p.bar.Finish()
	}
}
