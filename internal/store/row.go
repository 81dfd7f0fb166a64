package store

import (
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// columns of table record, the same in both stores and in this order everywhere.
const columns = "record_id, trading_day, login_time, vendor_id, key_version, terminal, supplement, " +
	"flag, app_id, account, user_type, front_id, session_id, provisional"

// columnCount is how many columns names.
const columnCount = 14

// localColumns are those of the local store: there a row has its checksum besides.
const localColumns = columns + ", crc"

// digit is the number that a one-digit code of the specification stands for: the codes
// are ASCII on the wire and small integers in tables.
func digit[T ~byte](code T) int16 { return int16(code) - '0' }

// code is the opposite of digit.
func code[T ~byte](digit int16) (T, error) {
	if digit < 0 || digit > 9 {
		return 0, fmt.Errorf("store: %d is no one-digit code", digit)
	}
	return T('0' + digit), nil
}

// instant is the time that a row's seconds stand for, in the zone of the specification.
func instant(seconds int64) time.Time { return time.Unix(seconds, 0).In(regulation.Zone) }

// micros is t as microseconds since 1970, and 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// fromMicros is the opposite of micros.
func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).In(regulation.Zone)
}

// bytesOf is b, never nil: the ciphertext columns are NOT NULL, and none is "absent".
func bytesOf(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
