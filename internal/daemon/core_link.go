package daemon

import (
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/core/link"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/reason"
)

// coreLink is what a front watches of its link to a trading core.
type coreLink struct {
	frames    [2]counts // by link.Direction
	discarded counts
	faults    counts
	resumed   counts
	exited    counts
}

// counts are counters by a closed set of words.
type counts struct{ n [32]atomic.Uint64 }

func (c *counts) add(word int, n int) { c.n[word].Add(uint64(n)) }

func (c *counts) by(words []string) map[string]float64 {
	values := make(map[string]float64, len(words))
	for i, word := range words {
		values[word] = float64(c.n[i].Load())
	}
	return values
}

// The methods of link.Observer. What a login took is in the stage verify of every login.

func (c *coreLink) Frames(d link.Direction, k link.FrameKind, n int) { c.frames[d].add(int(k), n) }

func (c *coreLink) Discarded(why link.Discard)             { c.discarded.add(int(why), 1) }
func (c *coreLink) Verified(reason.Reason, time.Duration)  {}
func (c *coreLink) StateChanged(link.Endpoint, link.State) {}
func (c *coreLink) Faulted(_ link.Endpoint, f link.Fault)  { c.faults.add(int(f)-1, 1) }
func (c *coreLink) SessionResumed(r link.ResumeResult)     { c.resumed.add(int(r), 1) }
func (c *coreLink) Exited(why link.ExitCause)              { c.exited.add(int(why), 1) }

// watchCoreLink tells whether a trading core is there, and what passes between it and the front.
func (d *Daemon) watchCoreLink() watcher {
	c := &d.coreLink
	status := func(value func(*link.Status) float64) func() float64 {
		return func() float64 {
			s := d.path.Link.Status()
			return value(&s)
		}
	}
	return watcher{
		checks: []check{
			{"core", ops.Required, d.checkCore},
			{"core_link", ops.Warning, d.checkCoreLink},
		},
		collectors: []ops.Collector{
			ops.NewGauge("core_active", "1 while a trading core is in use; this and all `core_` only with `core.driver: link`.", status(func(s *link.Status) float64 {
				if s.Ready() {
					return 1
				}
				return 0
			})),
			ops.NewGauge("core_term", "The highest term of an active core that this front has seen.",
				status(func(s *link.Status) float64 { return float64(s.Term) })),
			ops.NewGauge("core_sessions", "Sessions that the link knows, in any state.", status(func(s *link.Status) float64 { return float64(s.Sessions) })),
			ops.NewGauge("core_sessions_waiting", "Open sessions that wait for a core to resume them.",
				status(func(s *link.Status) float64 { return float64(s.Waiting) })),
			ops.NewGauge("core_verifying", "Logins that wait for the core's answer.", status(func(s *link.Status) float64 { return float64(s.Verifying) })),
			ops.NewGaugeBy("core_queued_bytes", "Bytes that the core did not read yet, by endpoint.", "endpoint",
				d.byEndpoint(func(e *link.EndpointStatus) float64 { return float64(e.Queued) })),
			ops.NewGaugeBy("core_credit", "Business messages that the core takes now, by endpoint; NaN without a bound.", "endpoint", d.byEndpoint(credit)),
			ops.NewGauge("core_mail_bytes", "Bytes from the core that wait for the event loop that is furthest behind; at 67,108,864 sessions end by `slow_reader`.",
				func() float64 { return float64(d.front.FullestMail()) }),
			ops.NewCounterBy("core_frames_sent_total", "Frames handed to a core, by kind: business, link, heartbeat.", "kind",
				func() map[string]float64 { return c.frames[link.ToCore].by(link.FrameKindWords()) }),
			ops.NewCounterBy("core_frames_received_total", "Frames received from a core, by kind.", "kind",
				func() map[string]float64 { return c.frames[link.FromCore].by(link.FrameKindWords()) }),
			ops.NewCounterBy("core_discarded_total", "Frames of a core that had no place, by reason.", "reason",
				func() map[string]float64 { return c.discarded.by(link.DiscardWords()) }),
			ops.NewCounterBy("core_link_faults_total", "Links to a trading core that ended or could not be opened, by fault.", "fault",
				func() map[string]float64 { return c.faults.by(link.FaultWords()) }),
			ops.NewCounterBy("core_resumed_total", "Sessions that were open when their core went away, by result: resumed, refused, unanswered, no_core.", "result",
				func() map[string]float64 { return c.resumed.by(link.ResumeResultWords()) }),
			ops.NewCounterBy("core_exits_total", "Terminals that were sent away on behalf of the core, by cause: core_changed, kicked.", "cause",
				func() map[string]float64 { return c.exited.by(link.ExitCauseWords()) }),
		},
	}
}

func credit(e *link.EndpointStatus) float64 {
	if e.Credit == ftd.UnlimitedCredit {
		return math.NaN()
	}
	return float64(e.Credit)
}

func (d *Daemon) byEndpoint(value func(*link.EndpointStatus) float64) func() map[string]float64 {
	return func() map[string]float64 {
		s := d.path.Link.Status()
		values := make(map[string]float64, len(s.Endpoints))
		for i := range s.Endpoints {
			values[s.Endpoints[i].Endpoint.String()] = value(&s.Endpoints[i])
		}
		return values
	}
}

// checkCore names the core in use, or how each endpoint is.
func (d *Daemon) checkCore() (bool, string) {
	s := d.path.Link.Status()
	if !s.Ready() {
		return false, "no trading core is active: " + strings.Join(endpointLines(&s, true), "; ")
	}
	e := &s.Endpoints[s.InUse]
	return true, fmt.Sprintf("%s at %v is active, term %d", e.CoreID, e.Endpoint, e.Term)
}

// checkCoreLink tells what is not as it should be while a core may be active all the same.
func (d *Daemon) checkCoreLink() (bool, string) {
	s := d.path.Link.Status()
	lines := linkLines(&s, &d.cfg.Core.Link)
	if d.cfg.Core.Link.InsecureLoopback {
		lines = append(lines, "insecure_loopback: passwords go to the core in clear")
	}
	if len(lines) > 0 {
		return false, strings.Join(lines, "; ")
	}
	return true, fmt.Sprintf("%d of %d endpoints answer", len(s.Endpoints), len(s.Endpoints))
}

// linkLines are what is not as it should be of a link.
func linkLines(s *link.Status, c *config.Link) []string {
	return append(endpointLines(s, false), pressureLines(s, c)...)
}

// pressureLines are by what the core in use holds business messages back.
func pressureLines(s *link.Status, c *config.Link) (lines []string) {
	if !s.Ready() || c.VerifyOnly {
		return nil
	}
	e := &s.Endpoints[s.InUse]
	if e.Credit == 0 {
		lines = append(lines, fmt.Sprintf("%v: %s gives no credit: business messages wait for core.link.wait and are then answered 90; "+
			"ask who runs the core", e.Endpoint, e.CoreID))
	}
	if e.Queued > c.QueueLow {
		lines = append(lines, fmt.Sprintf("%v: %d bytes wait for %s to read them, more than core.link.queue_low; "+
			"ask who runs the core, and look at the network to it",
			e.Endpoint, e.Queued, e.CoreID))
	}
	return lines
}

// endpointLines are how the endpoints are; without all, only those in which something is wrong.
func endpointLines(s *link.Status, all bool) (lines []string) {
	for i := range s.Endpoints {
		e := &s.Endpoints[i]
		switch wrong := e.Alarm != "" || e.State == link.Down || e.State == link.Fenced || e.State == link.Dialling && e.LastFault != link.NoFault; {
		case e.Alarm == link.AlarmOutdated:
			lines = append(lines, fmt.Sprintf("%v: %s is in use on trading day %s, and the calendar's is another: "+
				"look whether the core has changed its day, or mend calendar_file",
				e.Endpoint, e.CoreID, e.TradingDay))
		case e.Alarm != "":
			lines = append(lines, fmt.Sprintf("%v: %s says that it is active on trading day %s, which is not the calendar's: ask who runs it, or mend calendar_file",
				e.Endpoint, e.CoreID, e.TradingDay))
		case wrong && e.LastFault != link.NoFault:
			lines = append(lines, fmt.Sprintf("%v is %v: %v, %s", e.Endpoint, e.State, e.LastFault, e.LastFaultText))
		case wrong || all:
			lines = append(lines, fmt.Sprintf("%v is %v", e.Endpoint, e.State))
		}
	}
	return lines
}
