package auth

import (
	"context"
	"fmt"

	"github.com/tradefront/tradefront/internal/regulation"
)

// Unopened are the AppIDs among rows whose current authcode does not open under the key: another
// key sealed it.
func (k *MasterKey) Unopened(rows []App) (ids []regulation.AppID) {
	for i := range rows {
		code, err := k.Open(rows[i].AppID, rows[i].Sealed)
		if err != nil {
			ids = append(ids, rows[i].AppID)
			continue
		}
		code.Wipe()
	}
	return ids
}

// WouldLose are the AppIDs whose authcode opens under the key in force and not under next: their
// terminals could not authenticate any more. of is how many AppIDs there are.
func (r *Registry) WouldLose(ctx context.Context, next *MasterKey) (lost []regulation.AppID, of int, err error) {
	rows, err := r.source.Apps(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("registry: %w", err)
	}
	r.refreshing.Lock()
	now := r.master
	r.refreshing.Unlock()
	closed := make(map[regulation.AppID]bool)
	for _, id := range now.Unopened(rows) {
		closed[id] = true
	}
	for _, id := range next.Unopened(rows) {
		if !closed[id] {
			lost = append(lost, id)
		}
	}
	return lost, len(rows), nil
}
