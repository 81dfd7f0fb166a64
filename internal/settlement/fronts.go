package settlement

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// FrontMargin is how long after a day's window closed a front may still commit records of
// that day: a login's instant is taken before its commit, and the commit may wait for the
// queue before it (some 16 commits), for another process that writes (five seconds) and for
// a slow disk. What a front counted before that says nothing of the day.
const FrontMargin = time.Minute

// FrontStore says what fronts hold that the store of records lacks: store.Postgres does.
// With the embedded store the report reads what the front itself wrote.
type FrontStore interface {
	Fronts(ctx context.Context) ([]store.Front, error)
}

// FrontObstacle is a front that may hold records of a day that the store lacks.
type FrontObstacle struct {
	FrontID     int32     `json:"front_id"`
	Host        string    `json:"host"`
	Pending     int64     `json:"pending"`
	Quarantined int64     `json:"quarantined"`
	SetAside    int       `json:"set_aside"`
	Seen        time.Time `json:"last_seen"`
	Problem     string    `json:"problem"`
	Next        string    `json:"next"`
}

func (o FrontObstacle) String() string {
	return fmt.Sprintf("front %d (host %s, last seen %s) %s: %s", o.FrontID, o.Host,
		o.Seen.In(regulation.Zone).Format(regulation.TimeLayout), o.Problem, o.Next)
}

// FrontsError says that a report would not be complete, as far as is known.
type FrontsError struct {
	Day       calendar.TradingDay
	Obstacles []FrontObstacle
}

func (e *FrontsError) Error() string {
	lines := make([]string, len(e.Obstacles))
	for i, o := range e.Obstacles {
		lines[i] = "  " + o.String()
	}
	return fmt.Sprintf("not every front has handed over what it may hold of %s:\n%s\n"+
		"To write the report all the same: --despite-fronts; its manifest then says what may be missing", e.Day, strings.Join(lines, "\n"))
}

// FrontObstacles are the fronts that hold records of the day whose window closed at end,
// or may. What fronts say must be read before the records are: what they handed over is
// then seen.
//
// A front that said goodbye holding nothing of the day holds nothing: it took no login
// since. One that is silent may have gone on.
func FrontObstacles(fronts []store.Front, day calendar.TradingDay, end time.Time) []FrontObstacle {
	var all []FrontObstacle
	for i := range fronts {
		if f := &fronts[i]; f.Retired.IsZero() {
			if problem, next := frontProblem(f, day, end); problem != "" {
				h := f.Held[day]
				all = append(all, FrontObstacle{
					f.FrontID, f.Host, h.Pending, h.Quarantined, f.SetAside, f.Seen.In(regulation.Zone), problem, next,
				})
			}
		}
	}
	return all
}

// earlier: a front whose clock ran ahead when it counted may have taken logins of the day since,
// by a clock that was set right. What PostgreSQL heard of before the window closed tells nothing.
func earlier(counted, heard time.Time) time.Time {
	if heard.Before(counted) {
		return heard
	}
	return counted
}

func frontProblem(f *store.Front, day calendar.TradingDay, end time.Time) (problem, next string) {
	retire := fmt.Sprintf("tradefront front retire %d", f.FrontID)
	h := f.Held[day]
	switch {
	case h.Pending > 0:
		problem = fmt.Sprintf("holds %d records of the day", h.Pending)
		switch {
		case f.Alive():
			next = "it is running and hands them over; if the number stays, its /readyz says why"
		default:
			next = "start it with PostgreSQL in reach; if it is gone for good with its disk: " + retire + " --force gives them up"
		}
	case h.Quarantined > 0:
		problem = fmt.Sprintf("has %d records of the day in quarantine, which PostgreSQL refused", h.Quarantined)
		next = "on that host: tradefront quarantine list"
	case f.SetAside > 0:
		problem = fmt.Sprintf("has %d damaged local stores set aside, whose records are missing", f.SetAside)
		next = "on that host: tradefront local recover"
	case !f.Stopped && earlier(f.Counted, f.Seen).Before(end.Add(FrontMargin)):
		problem = "has not said what it holds since the window closed"
		switch {
		case f.Alive():
			next = fmt.Sprintf("it will within seconds after %s", end.Add(FrontMargin).In(regulation.Zone).Format(regulation.TimeLayout))
		default:
			next = "start it with PostgreSQL in reach; if it is gone for good: " + retire
		}
	}
	return problem, next
}
