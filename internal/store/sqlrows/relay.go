package sqlrows

import (
	"database/sql"
	"errors"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// Relay is what RelayColumns are read into on the way to a Record.
type Relay struct {
	AppID                      sql.NullString
	Mode, VisitTime, LoginTime sql.NullInt64
}

// Into fills the record's fields, of which RelaySealed is read already. Columns of which some are NULL and some are not were altered.
func (r *Relay) Into(rec *store.Record) error {
	direct := !r.AppID.Valid && !r.Mode.Valid && !r.VisitTime.Valid && !r.LoginTime.Valid
	relayed := r.AppID.Valid && r.Mode.Valid && r.VisitTime.Valid && r.LoginTime.Valid
	switch {
	case direct:
		if rec.RelaySealed != nil {
			return errors.New("store: a record of direct mode has the address of a relay")
		}
		ClearRelay(rec)
		return nil
	case !relayed || r.AppID.String == "":
		return errors.New("store: of the columns about the relay some are NULL, and others are not")
	}
	if !ValidMode(r.Mode.Int64) {
		return errors.New("store: relay_mode is neither 2 nor 3")
	}
	rec.RelayAppID, rec.RelayMode = regulation.AppID(r.AppID.String), byte('0'+r.Mode.Int64)
	rec.VisitTime, rec.RelayLoginTime = Instant(r.VisitTime.Int64), Instant(r.LoginTime.Int64)
	return nil
}

// ClearRelay makes rec one of direct mode.
func ClearRelay(rec *store.Record) {
	rec.RelayAppID, rec.RelayMode = "", 0
	rec.VisitTime, rec.RelayLoginTime, rec.RelaySealed = time.Time{}, time.Time{}, nil
}

// ValidMode reports whether a column's relay_mode is one.
func ValidMode(mode int64) bool {
	return mode == store.RelayInvestor-'0' || mode == store.RelayOperator-'0'
}
