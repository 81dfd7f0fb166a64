package settlement

import (
	"context"
	"fmt"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// missingRecords compares the records of the day that can be read with those that fronts brought: a standby
// that was promoted without the last of them, a restored dump, or a hand that removed them shows so. Where
// records were moved to another day nothing is compared: fronts know the day that a record had when they brought it.
func (v *Survey) missingRecords(ctx context.Context, day calendar.TradingDay, fronts []store.Front) ([]store.Obstacle, error) {
	if v.Brief {
		return nil, nil
	}
	forwarded := store.ForwardedAtLeast(fronts, day)
	if forwarded == 0 {
		return nil, nil
	}
	moved, err := v.Store.ReassignedFrom(ctx, day)
	if moved || err != nil {
		return nil, err
	}
	state, err := v.Store.State(ctx, day, "")
	if err != nil || state.Records >= forwarded {
		return nil, err
	}
	return []store.Obstacle{{
		Day: day, Kind: store.RowsMissing, Where: "records of " + day.String(), Records: forwarded - state.Records,
		What: fmt.Sprintf("are %d in the store, and fronts brought %d that it confirmed", state.Records, forwarded),
		Next: "find out whether PostgreSQL was restored or failed over, or who removed them; reconcile with the audit logs names the logins",
	}}, nil
}
