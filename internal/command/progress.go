package command

import (
	"cmp"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/cheggaaa/pb/v3"
)

// Progress shows long work on a terminal, and nothing where standard error is no terminal.
type Progress struct{ bar *pb.ProgressBar }

const (
	knownTotal = `{{ string . "what" }} {{ counters . }} {{ bar . }} {{ percent . }} {{ speed . "%s/s" "?/s" }} ` +
		`{{ rtime . (string . "left") }}`
	timeAlone    = `{{ string . "what" }} {{ etime . }}`
	unknownTotal = `{{ string . "what" }} {{ counters . }} {{ string . "unit" }} {{ speed . "%s/s" "?/s" }} {{ etime . }}`
)

// Work is what a line of progress says that the command does.
type Work struct {
	format string // a key of workInChinese
	values []any
}

// Doing is the work that a format of workInChinese says.
func Doing(format string, values ...any) Work { return Work{format, values} }

// To is the work with the values of its format.
func (w Work) To(values ...any) Work { return Work{w.format, values} }

// during is the work in the user's language.
func (e *Env) during(w Work) string {
	return fmt.Sprintf(e.Say(w.format, workInChinese[w.format]), w.values...)
}

// unit is what is counted, in the user's language.
func (e *Env) unit(english string) string {
	return e.Say(english, cmp.Or(unitsInChinese[english], english))
}

// Progress begins a bar on standard error; total 0 is for work of unknown size.
func (e *Env) Progress(what Work, total int64, unit string) *Progress {
	f, ok := e.Err.(*os.File)
	if !ok {
		return &Progress{}
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &Progress{}
	}
	bar := e.newBar(what, total, unit)
	bar.SetWriter(f)
	return &Progress{bar.Start()}
}

// newBar is not shown yet.
func (e *Env) newBar(what Work, total int64, unit string) *pb.ProgressBar {
	template := knownTotal
	switch {
	case total == 0 && unit == "":
		template = timeAlone
	case total == 0:
		template = unknownTotal
	}
	return pb.ProgressBarTemplate(template).New(int(total)).
		Set("what", e.during(what)).Set("unit", e.unit(unit)).Set("left", e.Say("left %s", "剩余 %s"))
}

// Set shows how much is done.
func (p *Progress) Set(n int64) {
	if p.bar != nil {
		p.bar.SetCurrent(n)
	}
}

// End takes the bar off.
func (p *Progress) End() {
	if p.bar != nil {
		p.bar.Finish()
	}
}

// Waiting shows work that tells nothing of its way, with the time that it takes, once that is more than e.quick. Call end before
// anything else is printed; a second call does nothing.
func (e *Env) Waiting(what Work) (end func()) {
	if e.quick == 0 {
		return sync.OnceFunc(e.Progress(what, 0, "").End)
	}
	var bar *Progress
	shown := make(chan struct{})
	begin := func() {
		bar = e.Progress(what, 0, "")
		close(shown)
	}
	later := time.AfterFunc(e.quick, begin)
	return sync.OnceFunc(func() {
		if !later.Stop() { // begin runs, or has run
			<-shown
			bar.End()
		}
	})
}

// Phase is a progress bar that begins when its total is known.
type Phase struct {
	Env  *Env
	What Work
	Unit string
	bar  *Progress
}

// Set shows how much is done, and of how much; 0 is unknown.
func (p *Phase) Set(done, total int64) {
	if p.bar == nil {
		p.bar = p.Env.Progress(p.What, total, p.Unit)
	}
	p.bar.Set(done)
}

// End takes the bar off, if there is one.
func (p *Phase) End() {
	if p.bar != nil {
		p.bar.End()
	}
}

// LaterPhase shows a phase once it has taken a second.
type LaterPhase struct {
	Phase
	Began time.Time
}

// Set shows how much is done, and of how much.
func (p *LaterPhase) Set(done, total int64) {
	if time.Since(p.Began) > time.Second {
		p.Phase.Set(done, total)
	}
}

// Clear takes the bar off its line, to make room for a line of the result.
func (p *LaterPhase) Clear() {
	if f, is := p.Env.Err.(*os.File); is && p.bar != nil && p.bar.bar != nil {
		_, _ = f.WriteString("\r\x1b[K")
	}
}
