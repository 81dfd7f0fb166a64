package corecheck

import (
	"slices"

	"github.com/tradefront/tradefront/internal/ftd"
)

// from logs the account in with a resume point and gathers the numbers that come of the series, until nothing came for the
// quiet time.
func (p *probe) from(number int32) ([]uint32, *outcome) {
	f, s, err := p.loggedIn(ftd.Point{Series: p.Series, Number: number})
	if err != nil {
		return nil, failed(err)
	}
	if out := f.alive(); out != nil { // the core has read SessionOpen when that is answered
		return nil, out
	}
	var got []uint32
	for range maxBacklog {
		g, err := f.quiet(func(g *frame) bool {
			return s.mine(g) && g.header.TID.Business() && g.header.SequenceSeries == p.Series
		})
		if err != nil {
			return nil, failed(err)
		}
		if g == nil {
			break
		}
		if c := g.header.Chain; c == ftd.ChainSingle || c == ftd.ChainFirst { // the parts behind it share its number
			got = append(got, g.header.SequenceNumber)
		}
	}
	f.end()
	return got, nil
}

// history is the series from its beginning.
func (p *probe) history() ([]uint32, *outcome) {
	all, out := p.from(0)
	if out == nil && len(all) == 0 {
		return nil, skipf("nothing of series %d came from 0 on: it has no message today, or the core does not send what a terminal missed", p.Series)
	}
	return all, out
}

func flowNumbers(p *probe) *outcome {
	all, out := p.history()
	if out != nil {
		return out
	}
	for i, n := range all[1:] {
		if n != all[i]+1 {
			return failf("number %d behind %d", n, all[i])
		}
	}
	return nil
}

func resumePoints(p *probe) *outcome {
	all, out := p.history()
	if out != nil {
		return out
	}
	last := all[len(all)-1]
	middle := all[(len(all)-1)/2]
	for _, tt := range []struct {
		at   int32
		over uint32 // numbers up to it stay away
	}{{int32(middle), middle}, {int32(last), last}, {-1, last}} {
		got, out := p.from(tt.at)
		switch {
		case out != nil:
			return out
		case slices.ContainsFunc(got, func(n uint32) bool { return n <= tt.over }):
			return failf("resumed at %d, number %d came again", tt.at, got[0])
		case tt.at >= 0 && tt.over < last && (len(got) == 0 || got[0] != tt.over+1):
			return failf("resumed at %d, %d numbers came, not from %d on", tt.at, len(got), tt.over+1)
		}
	}
	return nil
}

// flowBeforeOpen has a second session of the account verified and not opened while the first one trades, and holds the core to what came in
// all rules: the record of a login may still fail, so nothing may reach its terminal.
func flowBeforeOpen(p *probe) *outcome {
	f, first, err := p.loggedIn()
	if err != nil {
		return failed(err)
	}
	if err := f.session().verify(p.Account, p.Password); err != nil {
		return failf("a second session of the account: %v", err)
	}
	if err := first.trade(); err != nil {
		return failed(err)
	}
	if _, err := f.quiet(func(*frame) bool { return false }); err != nil {
		return failf("the link ended: %v", err)
	}
	return p.found(earlyFlow)
}
