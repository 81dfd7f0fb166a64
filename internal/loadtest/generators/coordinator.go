package generators

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tradefront/tradefront/internal/loadtest"
	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// Progress is called with sums over all generators.
type Progress struct {
	Prepared func(ciphertexts int)
	Watch    func(loadtest.Status)
}

// Run has the generators behind conns make the plan together, and puts what they found together. It closes conns.
func Run(ctx context.Context, conns []Conn, plan *loadtest.Plan, progress Progress) (*result.Result, error) {
	c := &coordinator{plan: plan, progress: progress, said: make(chan said)}
	ended := make(chan struct{})
	defer close(ended)
	for i, conn := range conns {
		g := &member{lines: newLines(conn), number: i, heard: time.Now()}
		c.members = append(c.members, g)
		go c.listen(g, ended)
	}
	defer func() {
		for _, conn := range conns {
			_ = conn.Close()
		}
	}()
	for _, g := range c.members {
		mine := *plan
		mine.Generator, mine.Generators = g.number, len(conns)
		if err := g.lines.write(&toGenerator{Plan: &mine, People: Mark(plan.People)}); err != nil {
			c.lose(g, err)
		}
	}
	c.run(ctx)
	return c.outcome()
}

// member is a generator as the coordinator knows it.
type member struct {
	lines    *lines
	number   int
	heard    time.Time
	here     bool // waits for the others
	prepared int
	status   loadtest.Status
	over     bool
	found    *result.Result
	lost     string // why there is no result
}

// said is a line of a generator, or the end of its connection.
type said struct {
	by   *member
	line toCoordinator
	err  error
}

type coordinator struct {
	plan     *loadtest.Plan
	progress Progress
	members  []*member
	said     chan said
	begun    bool // all were told to go once
}

func (c *coordinator) listen(g *member, ended <-chan struct{}) {
	for {
		s := said{by: g}
		s.err = g.lines.read(&s.line)
		select {
		case c.said <- s:
		case <-ended:
			return
		}
		if s.err != nil {
			return
		}
	}
}

// run goes on until each generator has told its result, or is lost. One that is lost before any visit was made ends it: what follows would be
// a test at less than the load that was asked for.
func (c *coordinator) run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	stop := ctx.Done()
	for c.left() > 0 && (c.begun || c.faults() == nil) {
		select {
		case s := <-c.said:
			if s.by.heard = time.Now(); !s.by.over {
				c.take(s)
			}
			c.release()
		case now := <-tick.C:
			for _, g := range c.members {
				if !g.over && now.Sub(g.heard) > Silence {
					c.lose(g, fmt.Errorf("it sent nothing for %v", Silence))
				}
			}
			c.release()
		case <-stop:
			stop = nil // their results follow
			for _, g := range c.members {
				_ = g.lines.write(&toGenerator{Stop: true}) // what cannot be written to is lost by its end
			}
		}
	}
}

func (c *coordinator) left() (n int) {
	for _, g := range c.members {
		if !g.over {
			n++
		}
	}
	return n
}

func (c *coordinator) lose(g *member, err error) {
	if errors.Is(err, io.EOF) {
		err = errors.New("it ended without a result")
	}
	g.over, g.lost = true, fmt.Sprintf("generator %d (%s): %v", g.number+1, g.lines.conn.Name(), err)
}

func (c *coordinator) take(s said) {
	g, l := s.by, &s.line
	switch {
	case s.err != nil:
		c.lose(g, s.err)
	case l.Error != "":
		c.lose(g, errors.New(l.Error))
	case l.Result != nil && l.Result.Format != result.Format:
		c.lose(g, fmt.Errorf("its result has the format %.60q, and this program knows %q", l.Result.Format, result.Format))
	case l.Result != nil:
		g.over, g.found = true, l.Result
	case l.Here:
		g.here = true
	case l.Prepared != nil:
		g.prepared = max(g.prepared, *l.Prepared)
		c.tellPrepared()
	case l.Status != nil:
		g.status = *l.Status
		c.tellStatus()
	}
}

// release lets all go on once each is there or over.
func (c *coordinator) release() {
	if !c.begun && c.faults() != nil {
		return // run ends
	}
	waiting := 0
	for _, g := range c.members {
		if !g.over && !g.here {
			return
		}
		if !g.over {
			waiting++
		}
	}
	if waiting == 0 {
		return
	}
	c.begun = true
	line := &toGenerator{Go: &goLine{InMs: goAfter.Milliseconds(), At: time.Now().Add(goAfter)}}
	for _, g := range c.members {
		if g.over {
			continue
		}
		g.here = false
		if err := g.lines.write(line); err != nil {
			c.lose(g, err)
		}
	}
}

func (c *coordinator) tellPrepared() {
	if c.progress.Prepared == nil {
		return
	}
	n := 0
	for _, g := range c.members {
		n += g.prepared
	}
	c.progress.Prepared(n)
}

func (c *coordinator) tellStatus() {
	if c.progress.Watch == nil {
		return
	}
	var sum loadtest.Status
	for _, g := range c.members {
		s := &g.status
		sum.Elapsed = max(sum.Elapsed, s.Elapsed)
		sum.Begun += s.Begun
		sum.LoggedIn += s.LoggedIn
		sum.Refused += s.Refused
		sum.Failed += s.Failed
		sum.Open += s.Open
		sum.Requests += s.Requests
		sum.Steps += s.Steps
		sum.Rate += s.Rate
	}
	c.progress.Watch(sum)
}

// faults names the generators that are lost, if any is.
func (c *coordinator) faults() error {
	var all []error
	for _, g := range c.members {
		if g.lost != "" {
			all = append(all, errors.New(g.lost))
		}
	}
	return errors.Join(all...)
}

// outcome is what all found together. Without any result, and where nothing was begun, it is an error.
func (c *coordinator) outcome() (*result.Result, error) {
	faults := c.faults()
	if faults != nil && !c.begun {
		return nil, fmt.Errorf("load test: it was not begun, and nothing was sent: %w", faults)
	}
	var all *result.Result
	for _, g := range c.members {
		switch {
		case g.found == nil:
		case all == nil:
			all = g.found
		default:
			if err := all.Add(g.found); err != nil {
				return nil, fmt.Errorf("generator %d: %w", g.number+1, err)
			}
		}
	}
	if all == nil {
		return nil, fmt.Errorf("load test: no generator has a result: %w", faults)
	}
	if faults != nil && all.EndedEarly == "" {
		all.EndedEarly = faults.Error()
	}
	return all, nil
}
