package main

import (
	"os"
	"sync"
	"time"

	"github.com/cheggaaa/pb/v3"
)

// progress shows long work on a terminal, and nothing where standard error is no terminal.
type progress struct{ bar *pb.ProgressBar }

const (
	knownTotal   = `{{ string . "what" }} {{ counters . }} {{ bar . }} {{ percent . }} {{ speed . "%s/s" }} {{ rtime . "left %s" }}`
	timeAlone    = `{{ string . "what" }} {{ etime . }}`
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
	switch {
	case total == 0 && unit == "":
		template = timeAlone
	case total == 0:
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

// waiting shows work that tells nothing of its way, with the time that it takes, once that is more than e.quick. Call end before
// anything else is printed; a second call does nothing.
func (e *env) waiting(what string) (end func()) {
	if e.quick == 0 {
		return sync.OnceFunc(e.progress(what, 0, "").end)
	}
	var bar *progress
	shown := make(chan struct{})
	begin := func() {
		bar = e.progress(what, 0, "")
		close(shown)
	}
	later := time.AfterFunc(e.quick, begin)
	return sync.OnceFunc(func() {
		if !later.Stop() { // begin runs, or has run
			<-shown
			bar.end()
		}
	})
}
