package storetest

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// Day is the trading day of the records that Record makes.
const Day = calendar.TradingDay(20260105)

// Record is a plausible record with a RecordID of its own: what a real login leaves, with
// ciphertexts that differ from record to record.
func Record(day calendar.TradingDay) store.Record {
	id := uuid.Must(uuid.NewV7())
	return store.Record{
		ID:         id,
		TradingDay: day,
		LoginTime:  time.Date(int(day/10000), time.Month(day/100%100), int(day%100), 9, 0, 0, 0, regulation.Zone),
		VendorID:   "vendor",
		KeyVersion: "1",
		Terminal:   ciphertext(id, 0),
		Supplement: ciphertext(id, 1),
		Flag:       regulation.FlagNormal,
		AppID:      "client_test_1.0",
		Account:    "88888888",
		UserType:   regulation.UserCustomer,
		FrontID:    1,
		SessionID:  7,
	}
}

// Records are n records of one day.
func Records(day calendar.TradingDay, n int) []store.Record {
	recs := make([]store.Record, n)
	for i := range recs {
		recs[i] = Record(day)
	}
	return recs
}

// ciphertext is 256 bytes that only this record has.
func ciphertext(id uuid.UUID, which byte) []byte {
	b := make([]byte, 256)
	for i := range b {
		b[i] = id[i%len(id)] ^ byte(i) ^ which
	}
	return b
}

// Accounts are n accounts with names of their own.
func Accounts(n int) []local.Account {
	all := make([]local.Account, n)
	for i := range all {
		all[i] = account(regulation.Account(fmt.Sprintf("%08d", i)))
	}
	return all
}
