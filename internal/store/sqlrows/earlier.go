package sqlrows

import (
	"database/sql"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// EarlierColumns are what Earlier is read from.
const EarlierColumns = "key_version, flag, login_time, relay_login_time, front_id, session_id, " + SealedColumn

// Earlier is what EarlierColumns are read into on the way to a store.Earlier.
type Earlier struct {
	e       store.Earlier
	flag    int16
	instant int64
	relay   sql.NullInt64
}

// Scan reads the columns before, and after them EarlierColumns.
func (r *Earlier) Scan(s Scanner, before ...any) error {
	return s.Scan(append(before, &r.e.KeyVersion, &r.flag, &r.instant, &r.relay, &r.e.FrontID, &r.e.SessionID, &r.e.RelaySealed)...)
}

// Into is what was read. A flag that was altered is told as it is: whether the row may be forwarded is not decided here.
func (r *Earlier) Into() *store.Earlier {
	r.e.Flag = regulation.AbnormalFlag('0' + r.flag)
	r.e.LoginTime = Instant(r.instant)
	if r.relay.Valid {
		r.e.RelayLoginTime = Instant(r.relay.Int64)
	}
	return &r.e
}
