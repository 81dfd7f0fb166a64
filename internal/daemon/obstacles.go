package daemon

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/store"
)

const (
	// obstacleDays is how many closed trading days a front looks at: an obstacle of Friday is there on Tuesday.
	obstacleDays = 3
	// obstacleMargin is how long after its window closed a day is first looked at: fronts report
	// what they hold of it settlement.FrontMargin after that.
	obstacleMargin = 3 * settlement.FrontMargin
)

// watchObstacles tells what keeps reports of the last closed days back.
func (d *Daemon) watchObstacles() watcher {
	return watcher{
		period: reportsPeriod, look: d.surveyReports,
		checks: []check{{"report_obstacles", ops.Warning, d.reportObstacles.check}},
		collectors: []ops.Collector{
			ops.NewGaugeBy("report_obstacles", "What keeps reports of the last three closed trading days back and is not waived, by kind, looked at once a "+
				"minute.", "kind", d.reportObstacles.byKind),
		},
	}
}

// reportObstacles is what was last known to keep reports of the last closed days back.
type reportObstacles struct {
	mu    sync.Mutex
	known bool // looked at least once
	open  []store.Obstacle
	err   error // of the last look
}

// surveyReports asks the store what keeps reports back. Every front does, so that each that runs raises the alarm.
func (d *Daemon) surveyReports(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, reportsPatience)
	defer cancel()
	d.reportObstacles.set(d.obstacles(ctx))
}

// obstacles are those that are not waived, of the latest day first.
func (d *Daemon) obstacles(ctx context.Context) (open []store.Obstacle, err error) {
	var from assemble.Records = d.path.Journal
	if d.postgres != nil {
		from = d.postgres
	}
	cal := d.path.Gateway.Policy().Calendar
	survey := assemble.SurveyOf(d.cfg, from, cal)
	survey.Brief = true // each front asks, each minute
	fronts, err := survey.Fronts.Fronts(ctx)
	if err != nil {
		return nil, err
	}
	survey.Fronts = settlement.KnownFronts(fronts)
	for _, day := range settlement.RecentDays(cal, d.now().Add(-obstacleMargin), obstacleDays+1)[1:] {
		of, err := survey.Of(ctx, day)
		if err != nil {
			return nil, err
		}
		for _, o := range of.Open {
			if !slices.Contains(open, o) { // one of every day is found on each
				open = append(open, o)
			}
		}
	}
	return open, nil
}

// set keeps an answer.
func (r *reportObstacles) set(open []store.Obstacle, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err = err; err == nil {
		r.known, r.open = true, open
	}
}

// last is the last answer, and whether there is one.
func (r *reportObstacles) last() (open []store.Obstacle, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.open), r.known
}

// byKind is the gauge; it has no values until there is an answer.
func (r *reportObstacles) byKind() map[string]float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.known {
		return nil
	}
	kinds := make(map[string]float64)
	for _, k := range store.ObstacleKinds() {
		kinds[string(k)] = 0
	}
	for i := range r.open {
		kinds[string(r.open[i].Kind)]++
	}
	return kinds
}

func (r *reportObstacles) check() (ready bool, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.err != nil:
		return false, "what keeps reports back cannot be asked: " + r.err.Error()
	case len(r.open) == 0:
		return true, "nothing is known to keep a report of the last days back"
	}
	first, more, of := &r.open[0], "", ""
	if first.Day != 0 {
		of = "of " + first.Day.String() + ": "
	}
	if n := len(r.open) - 1; n > 0 {
		more = fmt.Sprintf(" (and %d more: tradefront report status)", n)
	}
	return false, "reports are kept back, " + of + first.String() + more
}
