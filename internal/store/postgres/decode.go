package postgres

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// binaryFormat asks for every column in PostgreSQL's binary format.
var binaryFormat = pgx.QueryResultFormats{1}

// column reads a column's bytes, as they come in binary format, into a record.
type column struct {
	width int // of its bytes; 0 for any
	set   func(rec *store.Record, v []byte) error
	null  bool // it may be NULL, and v nil
}

// columns are those of sqlrows.Columns.
var columns = map[string]column{
	"record_id":   {width: 16, set: func(rec *store.Record, v []byte) error { rec.ID = uuid.UUID(v); return nil }},
	"trading_day": {width: 4, set: func(rec *store.Record, v []byte) error { rec.TradingDay = calendar.TradingDay(int32Of(v)); return nil }},
	"login_time": {width: 8, set: func(rec *store.Record, v []byte) error {
		rec.LoginTime = sqlrows.Instant(int64(binary.BigEndian.Uint64(v)))
		return nil
	}},
	"vendor_id":   {width: 0, set: func(rec *store.Record, v []byte) error { rec.VendorID = same(rec.VendorID, v); return nil }},
	"key_version": {width: 0, set: func(rec *store.Record, v []byte) error { rec.KeyVersion = same(rec.KeyVersion, v); return nil }},
	"terminal":    {width: 0, set: func(rec *store.Record, v []byte) error { rec.Terminal = v; return nil }},
	"supplement":  {width: 0, set: func(rec *store.Record, v []byte) error { rec.Supplement = v; return nil }},
	"flag": {width: 2, set: func(rec *store.Record, v []byte) (err error) {
		rec.Flag, err = sqlrows.Code[regulation.AbnormalFlag](int16Of(v))
		return err
	}},
	"app_id":  {width: 0, set: func(rec *store.Record, v []byte) error { rec.AppID = same(rec.AppID, v); return nil }},
	"account": {width: 0, set: func(rec *store.Record, v []byte) error { rec.Account = same(rec.Account, v); return nil }},
	"user_type": {width: 2, set: func(rec *store.Record, v []byte) (err error) {
		rec.UserType, err = sqlrows.Code[regulation.UserType](int16Of(v))
		return err
	}},
	"front_id":    {width: 4, set: func(rec *store.Record, v []byte) error { rec.FrontID = int32Of(v); return nil }},
	"session_id":  {width: 4, set: func(rec *store.Record, v []byte) error { rec.SessionID = int32Of(v); return nil }},
	"provisional": {width: 1, set: func(rec *store.Record, v []byte) error { rec.Provisional = v[0] != 0; return nil }},

	"relay_app_id": {null: true, set: func(rec *store.Record, v []byte) error { rec.RelayAppID = same(rec.RelayAppID, v); return nil }},
	"relay_mode": {width: 2, null: true, set: func(rec *store.Record, v []byte) error {
		if rec.RelayMode = 0; v != nil {
			if !sqlrows.ValidMode(int64(int16Of(v))) {
				return fmt.Errorf("store: relay_mode is %d, neither 2 nor 3", int16Of(v))
			}
			rec.RelayMode = '0' + v[1]
		}
		return nil
	}},
	"visit_time":       {width: 8, null: true, set: func(rec *store.Record, v []byte) error { rec.VisitTime = instantOf(v); return nil }},
	"relay_sealed":     {null: true, set: func(rec *store.Record, v []byte) error { rec.RelaySealed = bytes.Clone(v); return nil }},
	"relay_login_time": {width: 8, null: true, set: func(rec *store.Record, v []byte) error { rec.RelayLoginTime = instantOf(v); return nil }},
}

// instantOf is the instant of a column of seconds, the zero time of NULL.
func instantOf(v []byte) time.Time {
	if v == nil {
		return time.Time{}
	}
	return sqlrows.Instant(int64(binary.BigEndian.Uint64(v)))
}

func int16Of(v []byte) int16 { return int16(binary.BigEndian.Uint16(v)) }
func int32Of(v []byte) int32 { return int32(binary.BigEndian.Uint32(v)) }

// layout is the columns of a query, in its order.
type layout []column

var (
	recordLayout = layoutOf(sqlrows.Columns)
	lineLayout   = layoutOf(sqlrows.LineColumns)
)

func layoutOf(list string) (l layout) {
	for name := range strings.SplitSeq(list, ", ") {
		c, known := columns[name]
		if !known {
			panic("store: no decoder for column " + name) // at the start of the process, in every test
		}
		l = append(l, c)
	}
	return l
}

// decode reads a row without copying. The ciphertexts are the connection's buffer, valid until the
// next row; the strings, and the sealed address that few records have, are the record's own.
func (l layout) decode(v [][]byte, rec *store.Record) error {
	if len(v) != len(l) {
		return fmt.Errorf("store: PostgreSQL sent %d columns, want %d", len(v), len(l))
	}
	for i, c := range l {
		if c.width != 0 && len(v[i]) != c.width && (v[i] != nil || !c.null) {
			return fmt.Errorf("store: PostgreSQL sent %d bytes for column %d, want %d", len(v[i]), i+1, c.width)
		}
		if err := c.set(rec, v[i]); err != nil {
			return err
		}
	}
	return nil
}

// same is string(b), without a new string if it equals the row before: whole days have
// one vendor and few key versions.
func same[T ~string](before T, b []byte) T {
	if string(before) == string(b) {
		return before
	}
	return T(b)
}
