package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// Unopened are the AppIDs among rows of which an authcode that is valid now, the current or the
// previous one, does not open under the key: another key sealed it.
func (k *MasterKey) Unopened(rows []App, now time.Time) (ids []regulation.AppID) {
	for i := range rows {
		if err := k.try(&rows[i], now); err != nil {
			ids = append(ids, rows[i].AppID)
		}
	}
	return ids
}

// try opens what of a is valid now, and wipes it.
func (k *MasterKey) try(a *App, now time.Time) error {
	code, err := k.Open(a.AppID, a.Sealed)
	if err != nil {
		return err
	}
	code.Wipe()
	if !a.Previous.ValidAt(now) {
		return nil
	}
	if code, err = k.OpenPrevious(a.AppID, a.Previous.Sealed, a.Previous.Until); err == nil {
		code.Wipe()
	}
	return err
}

// WouldLose are the AppIDs whose authcode opens under the key in force and not under next: their
// terminals could not authenticate any more. of is how many AppIDs there are.
func (r *Registry) WouldLose(ctx context.Context, next *MasterKey) (lost []regulation.AppID, of int, err error) {
	rows, err := r.source.Apps(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("registry: %w", err)
	}
	r.refreshing.Lock()
	inForce := r.master
	r.refreshing.Unlock()
	closed := make(map[regulation.AppID]bool)
	for _, id := range inForce.Unopened(rows, r.now()) {
		closed[id] = true
	}
	for _, id := range next.Unopened(rows, r.now()) {
		if !closed[id] {
			lost = append(lost, id)
		}
	}
	return lost, len(rows), nil
}
