package simulation

import (
	"context"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
)

// ofOperator is what people, and what comes over a machine, do to a process.
func (w *world) ofOperator(p *process, add func(int, func() string)) {
	if p.stopping {
		select {
		case <-p.stopped:
			add(10000, p.gone)
			return
		default:
		}
	}
	w.ofPermissions(p, add)
	if w.healed {
		if p.isBroken() && !p.stopping {
			add(200, p.beginStop)
		}
		if aside, err := p.path.Journal.Quarantined(context.Background()); err == nil && aside > 0 && !p.releasing.Load() {
			add(20, p.release)
		}
		return
	}
	add(w.plan.crashes, p.crash)
	if p.before != nil && p.gate.holds("committed") {
		add(20*w.plan.crashes, p.losePower)
	}
	if !p.stopping {
		add(w.plan.stops, p.beginStop)
	}
	add(w.plan.fullDisks, func() string {
		full := !p.diskFull.Load()
		p.diskFull.Store(full)
		if full {
			w.counts.fullDisks++
			return "the disk is full"
		}
		return "the disk is not full any more"
	})
	add(w.plan.outages, func() string {
		states := []pgState{up, away, frozen}
		w.pg.state = pick(w.random, states...)
		w.counts.outages++
		return "PostgreSQL is " + string(w.pg.state)
	})
	add(w.plan.partitions, w.changePartitions)
	add(w.plan.clockSteps, func() string {
		step := time.Duration(w.random.IntN(241)-120) * time.Second / 2
		w.offset += step
		w.counts.clockSteps++
		return "the clock is stepped by " + step.String()
	})
	add(w.plan.reloads, func() string {
		w.policy = w.newPolicy()
		p.path.Gateway.SetPolicy(w.policy)
		w.counts.reloads++
		return "keys and calendar are replaced"
	})
}

// changePartitions is what an administrator of PostgreSQL does.
func (w *world) changePartitions() string {
	w.counts.partitions++
	switch w.random.IntN(3) {
	case 0:
		w.pg.mend()
		return "PostgreSQL takes all records"
	case 1:
		w.pg.drops = true
		return "PostgreSQL drops half of the records"
	}
	day, _ := w.policy.Calendar.TradingDayOf(time.Now().Add(w.offset))
	w.pg.detached = map[calendar.TradingDay]bool{day: true}
	return "PostgreSQL takes no record of " + day.String()
}

func (p *process) crash() string {
	p.w.counts.crashes++
	p.die(p.snapshot())
	return "the front is killed"
}

// losePower is a crash in the middle of the commit that is under way.
func (p *process) losePower() string {
	p.w.counts.crashes++
	p.w.counts.tornCommits++
	p.die(torn(p.before, p.snapshot(), p.w.random))
	return "the power fails in the middle of a commit"
}

func (p *process) beginStop() string {
	p.w.counts.stops++
	p.stopping = true
	go p.stop()
	return "the front is told to stop"
}

// gone is a process that has ended by itself.
func (p *process) gone() string {
	w := p.w
	w.disk, w.process = p.snapshot(), nil
	p.teardown()
	return "the front has stopped"
}
