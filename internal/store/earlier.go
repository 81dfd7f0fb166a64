package store

import (
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// Earlier is what is recorded of a submission that was recorded before it was sent again: the first content stays, and
// the relay is told what it says.
type Earlier struct {
	KeyVersion     string
	Flag           regulation.AbnormalFlag
	LoginTime      time.Time // the front's instant
	RelayLoginTime time.Time
	RelaySealed    []byte // sealed, as in Record; nil in rows of older binaries
	FrontID        int32
	SessionID      int32
}

// OnSession reports whether rec is of the same relay connection at the same front: two lives of a front give a SessionID
// twice, but not at the same relay login time.
func (e *Earlier) OnSession(rec *Record) bool {
	return e.FrontID == rec.FrontID && e.SessionID == rec.SessionID && e.RelayLoginTime.Equal(rec.RelayLoginTime)
}
