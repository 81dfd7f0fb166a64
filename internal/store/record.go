package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
)

// Record is one accepted login: the pair of ciphertexts that the monitoring centre
// gets, and what an operator needs to find it. It holds no public address or port in
// clear (B.1).
type Record struct {
	ID         uuid.UUID           // RecordID: a UUIDv7 made once for each accepted login, or a UUIDv8 made of what an operator relay submitted
	TradingDay calendar.TradingDay // the day whose report it belongs to
	LoginTime  time.Time           // the instant that is printed in the supplement, whole seconds
	VendorID   string              // 交易软件厂商ID at the time of the login, first item of the line
	KeyVersion string              // 加密密钥版本, one for both ciphertexts, second item of the line
	Terminal   []byte              // ciphertext as the terminal sent it; empty if it sent none
	Supplement []byte              // ciphertext of the supplement string
	Flag       regulation.AbnormalFlag
	AppID      regulation.AppID
	Account    regulation.Account
	UserType   regulation.UserType
	FrontID    int32
	SessionID  int32

	// Through what the login came; all zero in direct mode. LoginTime stays the front's instant, which decides the
	// day: the login time that a relayed line has is VisitTime.
	RelayAppID     regulation.AppID // RelayAppID, authenticated
	RelayMode      byte             // RelayInvestor or RelayOperator
	VisitTime      time.Time        // when the terminal logged in at the relay, as that told; whole seconds
	RelayLoginTime time.Time        // when the relay logged in at this front; whole seconds
	// RelaySealed is where the relay was that submitted the record, sealed under the master key for the answer to the same
	// submission when it is sent again; nil in every other record, and in those of older binaries.
	RelaySealed []byte

	// Provisional says that TradingDay comes from a calendar that did not know the day for certain;
	// see DayOf.
	Provisional bool
	// Seen is kept until the end of the trading day, in table seen_terminals, by the commit that
	// holds the record; zero is not. It is no part of the record, and no read returns it.
	Seen SeenHash
	// SeenVisit is kept beside Seen: whose visit at a relay brought the ciphertext; zero in direct mode.
	SeenVisit VisitHash
}

// Submitted reports whether the RecordID was made of what an operator relay submitted: the same submission, sent again to
// any front, has the same RecordID. All other RecordIDs come once.
func (r *Record) Submitted() bool { return r.ID.Version() == submittedVersion }

// submittedVersion is the version of those RecordIDs.
const submittedVersion = 8

// The first 48 bits of a RecordID are milliseconds since 1970. They lie before the login time by as much as
// MaxSubmitIDAge, and behind it by MaxSubmitIDAhead: so old and so far ahead the SubmitID may be that a front accepts. Of
// a login both are some milliseconds.
const (
	MaxSubmitIDAge   = 24 * time.Hour   // the bound of relay.submit_id_age
	MaxSubmitIDAhead = 10 * time.Minute // more than any front accepts
)

// The codes of Record.RelayMode, those of AppType.
const (
	RelayInvestor = '2' // many-to-many 多对多: one connection a terminal, the customer's own login
	RelayOperator = '3' // operator 一对多: the relay reports for its customers
)

// Store is what both stores can do with records. The conformance suite in storetest tests both for
// the same behaviour.
type Store interface {
	// Put makes recs durable, all or none. A record that is there already, by its
	// RecordID, is left as it is and is no error.
	Put(ctx context.Context, recs []Record) error
	// Scan calls f for each record of the day in RecordID order, in constant memory.
	// The record and its slices are valid only during the call. An error of f ends
	// the scan and is returned.
	Scan(ctx context.Context, day calendar.TradingDay, f func(*Record) error) error
	// Find returns the record with that RecordID, or ErrNotFound.
	Find(ctx context.Context, id uuid.UUID) (Record, error)
	// Days counts the records of each trading day, in ascending order of days.
	Days(ctx context.Context) ([]DayCount, error)
}

// DayCount is how many records a trading day has.
type DayCount struct {
	Day     calendar.TradingDay
	Records int64
}
