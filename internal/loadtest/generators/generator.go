package generators

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/loadtest"
	"github.com/tradefront/tradefront/internal/loadtest/population"
	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// Generator is the side of the process that makes visits.
type Generator struct {
	lines *lines
	plan  *loadtest.Plan
	gos   chan goLine
	skew  time.Duration // by which the coordinator's clock is ahead
}

var errNoPlan = errors.New("the coordinator ended before it sent a plan")

// Join takes the plan of the coordinator, for which people must be what it was made for. The context that it returns ends when
// the coordinator ends the run, or goes.
func Join(ctx context.Context, c Conn, people *population.Population) (context.Context, *Generator, error) {
	g := &Generator{lines: newLines(c), gos: make(chan goLine, 1)}
	var first toGenerator
	if err := g.lines.read(&first); err != nil || first.Plan == nil {
		return nil, nil, errors.Join(errNoPlan, err)
	}
	if mark := Mark(people); mark != first.People {
		err := fmt.Errorf("this generator's people file is another one (%s) than the coordinator's (%s)", mark, first.People)
		return nil, nil, errors.Join(err, g.lines.write(&toCoordinator{Error: err.Error()}))
	}
	g.plan = first.Plan
	g.plan.People = people
	ctx, cancel := context.WithCancel(ctx)
	go g.listen(cancel)
	return ctx, g, nil
}

// Plan is this generator's.
func (g *Generator) Plan() *loadtest.Plan { return g.plan }

// listen takes what the coordinator sends until it stops or goes.
func (g *Generator) listen(stop context.CancelFunc) {
	defer stop()
	defer close(g.gos)
	for {
		var l toGenerator
		if g.lines.read(&l) != nil || l.Stop {
			return
		}
		if l.Go != nil {
			select {
			case g.gos <- *l.Go:
			default: // it was not asked for
			}
		}
	}
}

// Prepared tells how many ciphertexts there are. It is called by several goroutines, and told now and then.
func (g *Generator) Prepared(done int) {
	_ = g.lines.write(&toCoordinator{Prepared: &done}) // a coordinator that has gone ends the context
}

// Hooks are those of the run by which it keeps to the others.
func (g *Generator) Hooks() loadtest.Hooks {
	return loadtest.Hooks{
		Watch:    func(s loadtest.Status) { _ = g.lines.write(&toCoordinator{Status: &s}) }, // as above
		Together: g.together,
	}
}

// together tells that this generator is there.
func (g *Generator) together() <-chan time.Time {
	instant := make(chan time.Time, 1)
	go func() {
		defer close(instant)
		if g.lines.write(&toCoordinator{Here: true}) != nil {
			return
		}
		if l, is := <-g.gos; is {
			at := time.Now().Add(time.Duration(l.InMs) * time.Millisecond)
			g.skew = l.At.Sub(at)
			instant <- at
		}
	}()
	return instant
}

// End tells what the run found, or why there was none.
func (g *Generator) End(r *result.Result, failed error) error {
	if failed != nil {
		return g.lines.write(&toCoordinator{Error: failed.Error()})
	}
	r.Began = r.Began.Add(g.skew)
	return g.lines.write(&toCoordinator{Result: r})
}
