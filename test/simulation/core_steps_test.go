package simulation

import (
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// ofCores is what may happen at the cores and on the way to them.
func (w *world) ofCores(add func(int, func() string)) {
	for _, k := range w.core.cores {
		if !k.running {
			add(40, func() string {
				k.start(false)
				return fmt.Sprintf("core %s starts", k.name)
			})
			continue
		}
		for _, c := range k.cables {
			w.ofCable(c, add)
		}
		if k.stalled {
			add(25, func() string {
				k.stalled = false
				return fmt.Sprintf("core %s goes on", k.name)
			})
			continue
		}
		for _, t := range k.ready() {
			add(80, func() string { return fmt.Sprintf("core %s %s: %s", k.name, t.what, k.work(t)) })
		}
		if !w.healed {
			w.ofCore(k, add)
		}
	}
}

func (w *world) ofCable(c *cable, add func(int, func() string)) {
	k := c.core
	if c.frozen {
		add(25, func() string {
			c.frozen = false
			return fmt.Sprintf("%v is not frozen any more", c)
		})
		return
	}
	toCore, toFront := c.onTheWay()
	if toCore > 0 && !k.stalled {
		add(100, func() string {
			n := w.chunk(toCore)
			c.toCoreMoves(n)
			return fmt.Sprintf("%v core reads %d", c, n)
		})
	}
	if toFront > 0 {
		add(100, func() string {
			n := w.chunk(toFront)
			c.toFrontMoves(n)
			return fmt.Sprintf("%v front reads %d", c, n)
		})
	}
	if toCore == 0 && !k.stalled && c.frontEnded() {
		add(40, func() string {
			k.ends(c)
			return fmt.Sprintf("%v core sees the end", c)
		})
	}
	if w.healed || c.frontEnded() {
		return
	}
	add(w.core.cuts, func() string {
		c.cut(w.random.IntN(toCore + 1))
		w.counts.cuts++
		return fmt.Sprintf("%v is cut", c)
	})
	add(w.core.freezes, func() string {
		c.frozen = true
		w.counts.cuts++
		return fmt.Sprintf("%v is frozen", c)
	})
}

// ofCore is what goes wrong at a core, or what it does by itself.
func (w *world) ofCore(k *tradingCore, add func(int, func() string)) {
	p := &w.core.corePlan
	add(p.restarts, func() string {
		k.crash(w.random)
		w.counts.coreCrashes++
		return fmt.Sprintf("core %s is killed", k.name)
	})
	add(p.stalls, func() string {
		k.stalled = true
		return fmt.Sprintf("core %s stalls", k.name)
	})
	lead := p.stateChanges
	if !w.oneLeads() {
		lead = 40
	}
	add(lead, func() string {
		k.lead()
		k.tell()
		w.counts.terms++
		return fmt.Sprintf("core %s leads, term %d", k.name, k.term)
	})
	add(p.stateChanges, func() string {
		k.state = pick(w.random, ftd.CoreStandby, ftd.CoreInitialising, ftd.CoreActive)
		if w.random.IntN(4) == 0 { // as a core whose process is another behind the same address
			k.starts++
			k.instance = fmt.Sprintf("%08d-0000-4000-8000-%012d", k.starts, int(k.name[0]))
		}
		k.tell()
		w.counts.terms++
		return fmt.Sprintf("core %s says %c, term %d", k.name, k.state, k.term)
	})
	if k.state != ftd.CoreActive || k.term != w.core.term {
		return
	}
	for _, s := range k.ordered() {
		if s.state == coreOpen && !s.kicked {
			add(p.kicks, func() string { return k.kick(s) })
		}
	}
	for _, account := range sortedAccounts() {
		add(p.flows/4, func() string { return k.report(account) })
	}
	add(p.flows/4, k.notify)
}

func (w *world) oneLeads() bool {
	for _, k := range w.core.cores {
		if k.running && k.state == ftd.CoreActive && k.term == w.core.term {
			return true
		}
	}
	return false
}

// healCores ends all faults of the cores: one leads, the other is standby.
func (w *world) healCores() {
	for _, k := range w.core.cores {
		if !k.running {
			k.start(false)
		}
		k.stalled = false
		for _, c := range k.cables {
			c.frozen = false
		}
		k.state = ftd.CoreStandby
	}
	if w.linked() {
		w.core.cores[0].lead()
	}
	for _, k := range w.core.cores {
		k.tell()
	}
}

// sameDay lets the cores say their trading day again, if the calendar has another since.
func (w *world) sameDay() {
	if today := w.today(); w.linked() && w.core.day != today {
		w.core.day = today
		for _, k := range w.core.cores {
			if k.running {
				k.tell()
			}
		}
	}
}

// passTimeAtCores is a heartbeat of each core, and the end of what it has kept for long enough.
func (w *world) passTimeAtCores() {
	for _, k := range w.core.cores {
		if k.running {
			k.passTime(func() bool { return !w.healed && w.random.IntN(100) < w.core.silence })
		}
	}
}

// cablesOf are the connections of a process to the cores.
func (w *world) cablesOf(p *process) (all []*cable) {
	for _, k := range w.core.cores {
		for _, c := range k.cables {
			if c.process == p {
				all = append(all, c)
			}
		}
	}
	return all
}

// sever ends the connections of a process that ended: what it had written may arrive, or a part of it.
func (p *process) sever() {
	for _, c := range p.w.cablesOf(p) {
		toCore, _ := c.onTheWay()
		c.change(func() {
			c.closed = true
			if toCore > 0 {
				c.toCore = c.toCore[:p.w.random.IntN(toCore+1)]
			}
		})
	}
}

// ofMail is what the core has for a terminal, and what the terminal's requests wait for.
func (w *world) ofMail(c *wire, add func(int, func() string)) {
	if c.dialogue.Ended() {
		return
	}
	if c.hasMail() {
		add(80, func() string {
			c.dialogue.Take(c.takeMail(), time.Now())
			c.closeIfOver()
			return fmt.Sprintf("%v takes what the core has for it", c)
		})
	}
	if c.dialogue.Paused() && c.dialogue.MayGoOn(time.Now()) {
		add(80, func() string {
			c.deliver(0)
			return fmt.Sprintf("%v goes on", c)
		})
	}
}

func (c *wire) hasMail() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.mail) > 0
}

func (c *wire) takeMail() dialogue.Mail {
	c.mu.Lock()
	defer c.mu.Unlock()
	mail := c.mail
	c.mail = nil
	return mail
}

// post puts something into the mail. What comes after the end, and belongs to no login that is on its way, comes from a
// session that the front has closed.
func (c *wire) post(what string, add func(dialogue.Mail) dialogue.Mail) {
	if c.dialogue.Ended() && c.loginsOut.Load() == 0 && what != "exit" {
		c.process.w.violate("%v: %s to a session that is closed", c, what)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mail = add(c.mail)
}

// Deliver is part of core.Terminal.
func (c *wire) Deliver(body []byte) {
	c.post("a message", func(m dialogue.Mail) dialogue.Mail { return dialogue.AppendDelivery(m, body) })
}

// Refuse is part of core.Terminal.
func (c *wire) Refuse(series uint16, number uint32, why reason.Reason) {
	c.post("a refusal", func(m dialogue.Mail) dialogue.Mail { return dialogue.AppendRefusal(m, series, number, why) })
}

// Exit is part of core.Terminal.
func (c *wire) Exit(forceExit []byte, why reason.Close) {
	c.post("exit", func(m dialogue.Mail) dialogue.Mail { return dialogue.AppendExit(m, forceExit, why) })
}

// told notes what a core answered to a login of this connection.
func (c *wire) told(code int) { c.verdicts = append(c.verdicts, code) }
