package storetest

import (
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// RelayedRecord is the record of a login through a many-to-many relay.
func RelayedRecord(day calendar.TradingDay) store.Record {
	rec := Record(day)
	rec.AppID, rec.RelayAppID, rec.RelayMode = "client_demo_1.0", "abcdef_relay_1.6.0", store.RelayInvestor
	rec.VisitTime, rec.RelayLoginTime = rec.LoginTime.Add(-2*time.Second), rec.LoginTime
	return rec
}

// SubmittedRecord is the record of what an operator relay reported: its RecordID is a UUIDv8.
func SubmittedRecord(day calendar.TradingDay) store.Record {
	rec := RelayedRecord(day)
	rec.ID[6] = rec.ID[6]&0x0F | 0x80
	rec.RelayMode, rec.UserType = store.RelayOperator, regulation.UserOperator
	rec.RelayLoginTime = rec.LoginTime.Add(-time.Hour)
	rec.RelaySealed = []byte("\x01\x00\xFFa sealed address of 35 bytes.....")
	return rec
}

// SubmittedRecords are n of them.
func SubmittedRecords(day calendar.TradingDay, n int) []store.Record {
	recs := make([]store.Record, n)
	for i := range recs {
		recs[i] = SubmittedRecord(day)
	}
	return recs
}

// SubmittedAgain is what a front makes of the same submission when the relay sends it again, over a new connection and
// to the front of that ID: the RecordID is the same, and what the front itself knows is not.
func SubmittedAgain(rec store.Record, front int32) store.Record {
	rec.FrontID, rec.SessionID = front, rec.SessionID+1
	rec.LoginTime, rec.RelayLoginTime = rec.LoginTime.Add(time.Minute), rec.RelayLoginTime.Add(time.Hour)
	rec.Supplement = ciphertext(uuid.Must(uuid.NewV7()), 1)
	rec.RelaySealed = []byte("\x01sealed anew at another front.......")
	return rec
}
