package main

import (
	"cmp"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/cheggaaa/pb/v3"
)

// progress shows long work on a terminal, and nothing where standard error is no terminal.
type progress struct{ bar *pb.ProgressBar }

const (
	knownTotal = `{{ string . "what" }} {{ counters . }} {{ bar . }} {{ percent . }} {{ speed . "%s/s" "?/s" }} ` +
		`{{ rtime . (string . "left") }}`
	timeAlone    = `{{ string . "what" }} {{ etime . }}`
	unknownTotal = `{{ string . "what" }} {{ counters . }} {{ string . "unit" }} {{ speed . "%s/s" "?/s" }} {{ etime . }}`
)

// work is what a line of progress says that the command does.
type work struct {
	format string // a key of workInChinese
	values []any
}

func doing(format string, values ...any) work { return work{format, values} }

// to is the work with the values of its format.
func (w work) to(values ...any) work { return work{w.format, values} }

// during is the work in the user's language.
func (e *env) during(w work) string {
	return fmt.Sprintf(e.say(w.format, workInChinese[w.format]), w.values...)
}

// unit is what is counted, in the user's language.
func (e *env) unit(english string) string {
	return e.say(english, cmp.Or(unitsInChinese[english], english))
}

// progress begins a bar on standard error; total 0 is for work of unknown size.
func (e *env) progress(what work, total int64, unit string) *progress {
	f, ok := e.err.(*os.File)
	if !ok {
		return &progress{}
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &progress{}
	}
	bar := e.newBar(what, total, unit)
	bar.SetWriter(f)
	return &progress{bar.Start()}
}

// newBar is not shown yet.
func (e *env) newBar(what work, total int64, unit string) *pb.ProgressBar {
	template := knownTotal
	switch {
	case total == 0 && unit == "":
		template = timeAlone
	case total == 0:
		template = unknownTotal
	}
	return pb.ProgressBarTemplate(template).New(int(total)).
		Set("what", e.during(what)).Set("unit", e.unit(unit)).Set("left", e.say("left %s", "剩余 %s"))
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
func (e *env) waiting(what work) (end func()) {
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
