package daemon

import (
	"context"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/show"
)

// LastUse is when authcodes were last used, as far as the fronts that were asked remember.
type LastUse struct {
	CurrentUsed  *time.Time `json:"current_used,omitempty"`
	PreviousUsed *time.Time `json:"previous_used,omitempty"`
}

// AppUse is a line of the admin listener's page /apps.
type AppUse struct {
	AppID regulation.AppID `json:"app_id"`
	LastUse
}

func shownUses(uses []auth.Use) []AppUse {
	page := make([]AppUse, len(uses))
	for i, u := range uses {
		page[i] = AppUse{u.AppID, LastUse{show.Pointer(u.Current), show.Pointer(u.Previous)}}
	}
	return page
}

// AskUses adds what the front at that admin address remembers; the latest use counts.
func AskUses(ctx context.Context, access ops.Access, address string, uses map[regulation.AppID]LastUse) error {
	var page []AppUse
	if err := access.Ask(ctx, address, "/apps", &page); err != nil {
		return err
	}
	for _, p := range page {
		known := uses[p.AppID]
		uses[p.AppID] = LastUse{CurrentUsed: laterOf(known.CurrentUsed, p.CurrentUsed), PreviousUsed: laterOf(known.PreviousUsed, p.PreviousUsed)}
	}
	return nil
}

func laterOf(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.After(*a) {
		return b
	}
	return a
}
