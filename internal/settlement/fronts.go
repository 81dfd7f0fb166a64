package settlement

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// FrontMargin is how long after a day's window closed a front may still commit records of
// that day: a login's instant is taken before its commit, and the commit may wait for the
// queue before it (some 16 commits), for another process that writes (five seconds) and for
// a slow disk. What a front counted before that does not count for the day.
const FrontMargin = time.Minute

// FrontStore lists what fronts hold that the store of records lacks: PostgreSQL has their reports.
// With the embedded store the report reads what the front itself wrote.
type FrontStore interface {
	Fronts(ctx context.Context) ([]store.Front, error)
}

// KnownFronts are the reports of fronts that were read once, for several days.
type KnownFronts []store.Front

// Fronts implements FrontStore.
func (f KnownFronts) Fronts(context.Context) ([]store.Front, error) { return f, nil }

// FrontObstacle is a front that may hold records of a day that the store lacks. Its JSON is that of
// reportfile.MissingFront.
type FrontObstacle struct {
	reportfile.MissingFront

	kind  store.ObstacleKind
	store uuid.UUID
	life  uuid.UUID
}

// frontPlace names a front's local store, in a text that stays the same as long as an obstacle there does:
// a waiver is compared by it.
func frontPlace(id int32, host string, storeID uuid.UUID) string {
	if storeID == uuid.Nil {
		return fmt.Sprintf("front %d (host %s)", id, host)
	}
	return fmt.Sprintf("front %d (host %s, store %.8s)", id, host, storeID)
}

func placeOfLife(place string, life uuid.UUID) string {
	return fmt.Sprintf("%s, life %.8s", place, life)
}

// obstacle is the front as a reason why a report refuses.
func (o FrontObstacle) obstacle(day calendar.TradingDay) store.Obstacle {
	what := fmt.Sprintf("%s (last seen %s)", o.Problem, show.Time(o.Seen))
	b := store.Obstacle{Day: day, Kind: o.kind, Where: frontPlace(o.FrontID, o.Host, o.store), What: what, Next: o.Next}
	switch o.kind {
	case store.FrontHolds:
		b.Records = o.Pending
	case store.FrontOtherLife: // this one and no other: there may be several
		b.Records, b.Where = o.Pending+o.Quarantined, placeOfLife(b.Where, o.life)
	case store.FrontQuarantines:
		b.Records = o.Quarantined
	case store.FrontCorrupt: // one more is another matter
		b.Day, b.Where = 0, fmt.Sprintf("%s, %d set aside", b.Where, o.SetAside)
	}
	return b
}

// FrontObstacles are the fronts that hold records of the day whose window closed at end,
// or may. The fronts must be read before the records are: what they hand over in between is
// then in the report.
//
// A front that stopped holding nothing of the day holds nothing: it took no login
// since. One that is missing may have taken some.
func FrontObstacles(fronts []store.Front, day calendar.TradingDay, end time.Time) []FrontObstacle {
	var all []FrontObstacle
	for i := range fronts {
		if f := &fronts[i]; f.Retired.IsZero() {
			if kind, problem, next := frontProblem(f, day, end); kind != "" {
				h := f.Held[day]
				all = append(all, FrontObstacle{reportfile.MissingFront{
					FrontID: f.FrontID, Host: f.Host, Pending: h.Pending, Quarantined: h.Quarantined, SetAside: f.CorruptStores,
					Seen: f.Seen.In(regulation.Zone), Problem: problem, Next: next,
				}, kind, f.StoreID, f.Life})
			}
		}
	}
	return all
}

// earlier is the earlier of when a front counted, by its clock, and when PostgreSQL heard of it. The count may be of a time that was yet to
// come: a front whose clock ran ahead then may have taken logins of the day since, by a clock that was set right.
func earlier(counted, heard time.Time) time.Time {
	if heard.Before(counted) {
		return heard
	}
	return counted
}

func frontProblem(f *store.Front, day calendar.TradingDay, end time.Time) (kind store.ObstacleKind, problem, next string) {
	retire := fmt.Sprintf("tradefront front retire %d", f.FrontID)
	h := f.Held[day]
	unheard := !f.Stopped && earlier(f.Counted, f.Seen).Before(end.Add(FrontMargin))
	switch {
	case f.OtherLife && (f.Unreadable || h.Pending+h.Quarantined > 0 || f.CorruptStores > 0 || unheard):
		kind, problem = store.FrontOtherLife, "did not report since the window closed"
		if n := h.Pending + h.Quarantined; n > 0 {
			problem = fmt.Sprintf("reported that it holds %d records of the day", n)
		}
		problem += ", and the store that reports now does not continue it: an older copy of the file was put back, or runs beside it"
		next = "start the front once on the file as it was then, with PostgreSQL in reach, and it hands them over; " +
			"if that file is gone: reconcile with the audit log tells what is missing, then " + retire + " --force"
	case f.Unreadable:
		kind, problem = store.FrontUnreadable, "said what it holds, and its row in PostgreSQL cannot be read: another program wrote it"
		switch {
		case f.Alive():
			next = "it is running and writes the row anew within seconds"
		default:
			next = "start it with PostgreSQL in reach, and it writes the row anew; if it is gone for good with its disk: " + retire + " --force"
		}
	case h.Pending > 0:
		kind, problem = store.FrontHolds, fmt.Sprintf("holds %d records of the day", h.Pending)
		switch {
		case f.Alive():
			next = "it is running and hands them over; if the number stays, its /readyz says why"
		default:
			next = "start it with PostgreSQL in reach; if it is gone for good with its disk: " + retire + " --force gives them up"
		}
	case h.Quarantined > 0:
		kind, problem = store.FrontQuarantines, fmt.Sprintf("has %d records of the day in quarantine, which PostgreSQL refused", h.Quarantined)
		next = "on that host: tradefront quarantine list"
	case f.CorruptStores > 0:
		kind, problem = store.FrontCorrupt, fmt.Sprintf("has %d corrupt stores, whose records are missing", f.CorruptStores)
		next = "on that host: tradefront local recover"
	case unheard:
		kind, problem = store.FrontMissing, "has not said what it holds since the window closed"
		switch {
		case f.Alive():
			next = fmt.Sprintf("it will within seconds after %s", show.Time(end.Add(FrontMargin)))
		default:
			next = "start it with PostgreSQL in reach; if it is gone for good: " + retire +
				", and the reports say that logins may be missing"
		}
	}
	return kind, problem, next
}
