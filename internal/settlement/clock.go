package settlement

import (
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// ClockBound is by how much a front's clock may differ from PostgreSQL's before reports refuse:
// login times are evidence, and the one that decides about 15:30.
const ClockBound = time.Minute

// clockObstacles are the fronts that ran in the window of the day and whose clock, as last heard, is wrong,
// or PostgreSQL's is.
func clockObstacles(fronts []store.Front, day calendar.TradingDay, start, end time.Time) (all []store.Obstacle) {
	for i := range fronts {
		f := &fronts[i]
		if !f.Retired.IsZero() || f.ClockDiffers() < ClockBound || f.Seen.Before(start) || !f.Started.Add(-f.ClockOffset).Before(end) {
			continue
		}
		way := "ahead of"
		if f.ClockOffset < 0 {
			way = "behind"
		}
		all = append(all, store.Obstacle{
			Day: day, Kind: store.FrontClock, Where: frontPlace(f.FrontID, f.Host, f.StoreID),
			What: fmt.Sprintf("has a clock that is %s %s PostgreSQL's: login times of the day are wrong, and may be those of another day",
				f.ClockOffset.Abs().Round(time.Second), way),
			Next: "set both clocks by NTP, and the front reports it within seconds; find the logins that it recorded meanwhile by its audit log",
		})
	}
	return all
}
