package simulation

import (
	"context"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
)

// ofOperator is what people, and what comes over a machine, do to a process.
func (w *world) ofOperator(l *life, add func(int, func() string)) {
	if l.stopping {
		select {
		case <-l.stopped:
			add(10000, l.gone)
			return
		default:
		}
	}
	if w.healed {
		if l.isBroken() && !l.stopping {
			add(200, l.beginStop)
		}
		if aside, err := l.local.Quarantine(context.Background()); err == nil && len(aside) > 0 && !l.releasing.Load() {
			add(20, l.release)
		}
		return
	}
	add(w.plan.crashes, l.crash)
	if l.before != nil && l.gate.holds("committed") {
		add(20*w.plan.crashes, l.losePower)
	}
	if !l.stopping {
		add(w.plan.stops, l.beginStop)
	}
	add(w.plan.fullDisks, func() string {
		full := !l.diskFull.Load()
		l.diskFull.Store(full)
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
		l.gateway.SetPolicy(w.policy)
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

func (l *life) crash() string {
	l.w.counts.crashes++
	l.die(l.snapshot())
	return "the front is killed"
}

// losePower is a crash in the middle of the commit that is under way.
func (l *life) losePower() string {
	l.w.counts.crashes++
	l.w.counts.tornCommits++
	l.die(torn(l.before, l.snapshot(), l.w.random))
	return "the power fails in the middle of a commit"
}

func (l *life) beginStop() string {
	l.w.counts.stops++
	l.stopping = true
	go l.stop()
	return "the front is told to stop"
}

// gone is a process that has ended by itself.
func (l *life) gone() string {
	w := l.w
	w.disk, w.life = l.snapshot(), nil
	l.bury()
	return "the front has stopped"
}
