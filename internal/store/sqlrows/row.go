package sqlrows

import (
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// Columns of table record, the same in both stores and in this order everywhere.
const Columns = FilledColumns + ", " + RelayColumns + ", " + SealedColumn

// FilledColumns are those that are never NULL.
const FilledColumns = "record_id, trading_day, login_time, vendor_id, key_version, terminal, supplement, " +
	"flag, app_id, account, user_type, front_id, session_id, provisional"

// RelayColumns are all NULL in direct mode, and none of them is in a relayed login; see Relay.
const RelayColumns = "relay_app_id, relay_mode, visit_time, relay_login_time"

// SealedColumn is NULL but in submissions.
const SealedColumn = "relay_sealed"

// ColumnCount is how many Columns names.
const ColumnCount = 19

// LocalColumns are those of the local store: there a row has its checksum besides.
const LocalColumns = Columns + ", crc"

// LocalColumnsOf are LocalColumns as they can be asked of a local store of that schema: of an older binary.
func LocalColumnsOf(schema int64) string {
	switch {
	case schema < 5:
		return FilledColumns + ", NULL, NULL, NULL, NULL, NULL, NULL"
	case schema < 12:
		return FilledColumns + ", NULL, NULL, NULL, NULL, NULL, crc"
	case schema < 20:
		return FilledColumns + ", " + RelayColumns + ", NULL, crc"
	}
	return LocalColumns
}

// Digit is the number of a one-digit code of the specification: the codes
// are ASCII on the wire and small integers in tables.
func Digit[T ~byte](code T) int16 { return int16(code) - '0' }

// Code is the opposite of Digit; an error says that the column holds no such code.
func Code[T ~byte](digit int16) (T, error) {
	if digit < 0 || digit > 9 {
		return 0, fmt.Errorf("store: %d is no one-digit code", digit)
	}
	return T('0' + digit), nil
}

// Instant is the time of a row's seconds, in the zone of the specification.
func Instant(seconds int64) time.Time { return time.Unix(seconds, 0).In(regulation.Zone) }

// Micros is t as microseconds since 1970, and 0 for the zero time.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// FromMicros is the opposite of Micros, in the zone of the specification.
func FromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).In(regulation.Zone)
}

// BytesOf is b, never nil: the ciphertext columns are NOT NULL, and none is "absent".
func BytesOf(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// FlagOf is b as a column has it: 1 or 0.
func FlagOf(b bool) int16 {
	if b {
		return 1
	}
	return 0
}

// LineColumns are what Snapshot.Scan reads.
const LineColumns = "record_id, login_time, vendor_id, key_version, terminal, supplement, flag, provisional"
