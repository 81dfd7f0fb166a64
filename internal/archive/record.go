package archive

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// line is a record as records.jsonl has it. []byte is base64.
type line struct {
	ID          uuid.UUID  `json:"record_id"`
	Day         string     `json:"trading_day"`
	LoginTime   time.Time  `json:"login_time"`
	VendorID    string     `json:"vendor_id"`
	KeyVersion  string     `json:"key_version"`
	Terminal    []byte     `json:"terminal"`
	Supplement  []byte     `json:"supplement"`
	Flag        string     `json:"flag"`
	AppID       string     `json:"app_id"`
	Account     string     `json:"account"`
	UserType    string     `json:"user_type"`
	FrontID     int32      `json:"front_id"`
	SessionID   int32      `json:"session_id"`
	Provisional bool       `json:"provisional,omitempty"`
	RelayAppID  string     `json:"relay_app_id,omitempty"`
	RelayMode   string     `json:"relay_mode,omitempty"`
	VisitTime   *time.Time `json:"visit_time,omitempty"`
	RelayLogin  *time.Time `json:"relay_login_time,omitempty"`
	RelaySealed []byte     `json:"relay_sealed,omitempty"`
	Arrival     int64      `json:"arrival"` // the transaction of that database that wrote the row
}

func lineOf(r *store.Record, arrival int64) line {
	l := line{
		ID: r.ID, Day: r.TradingDay.String(), LoginTime: r.LoginTime.In(regulation.Zone), VendorID: r.VendorID, KeyVersion: r.KeyVersion,
		Terminal: r.Terminal, Supplement: r.Supplement, Flag: r.Flag.String(), AppID: string(r.AppID), Account: string(r.Account),
		UserType: r.UserType.String(), FrontID: r.FrontID, SessionID: r.SessionID, Provisional: r.Provisional, Arrival: arrival,
	}
	if r.RelayAppID != "" {
		l.RelayAppID, l.RelayMode, l.RelaySealed = string(r.RelayAppID), string(rune(r.RelayMode)), r.RelaySealed
		l.VisitTime, l.RelayLogin = new(r.VisitTime.In(regulation.Zone)), new(r.RelayLoginTime.In(regulation.Zone))
	}
	return l
}

// readLine reads a line of records.jsonl.
func readLine(text []byte) (*store.Record, int64, error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return nil, 0, err
	}
	day, err := calendar.ParseTradingDay(l.Day)
	if err != nil {
		return nil, 0, err
	}
	if len(l.Flag) != 1 || len(l.UserType) != 1 || (l.RelayAppID != "") != (len(l.RelayMode) == 1 && l.VisitTime != nil && l.RelayLogin != nil) {
		return nil, 0, fmt.Errorf("record %s: flag, user type or what is said of its relay is none", l.ID)
	}
	r := &store.Record{
		ID: l.ID, TradingDay: day, LoginTime: l.LoginTime.In(regulation.Zone), VendorID: l.VendorID, KeyVersion: l.KeyVersion, Terminal: l.Terminal,
		Supplement: l.Supplement, Flag: regulation.AbnormalFlag(l.Flag[0]), AppID: regulation.AppID(l.AppID), Account: regulation.Account(l.Account),
		UserType: regulation.UserType(l.UserType[0]), FrontID: l.FrontID, SessionID: l.SessionID, Provisional: l.Provisional,
	}
	if l.RelayAppID != "" {
		r.RelayAppID, r.RelayMode, r.RelaySealed = regulation.AppID(l.RelayAppID), l.RelayMode[0], l.RelaySealed
		r.VisitTime, r.RelayLoginTime = l.VisitTime.In(regulation.Zone), l.RelayLogin.In(regulation.Zone)
	}
	return r, l.Arrival, nil
}

// digest is what the store's records and the file's are compared by.
type digest struct {
	sum  hash.Hash
	rows int64
	last uuid.UUID
}

func newDigest() *digest { return &digest{sum: sha256.New()} }

// add refuses a record that is not behind the one before.
func (d *digest) add(r *store.Record) error {
	if d.rows > 0 && string(r.ID[:]) <= string(d.last[:]) {
		return fmt.Errorf("record %s is not behind %s", r.ID, d.last)
	}
	d.rows++
	d.last = r.ID
	d.sum.Write(binary.BigEndian.AppendUint32(nil, r.Checksum()))
	return nil
}

func (d *digest) String() string { return hex.EncodeToString(d.sum.Sum(nil)) }
