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

// LikeSession reports whether rec looks as if it were of the same relay connection at the same front. Two lives of a front give a
// SessionID twice, and where it is back within the second also with the same relay login time: what the row itself says comes first.
func (e *Earlier) LikeSession(rec *Record) bool {
	return e.FrontID == rec.FrontID && e.SessionID == rec.SessionID && e.RelayLoginTime.Equal(rec.RelayLoginTime)
}
