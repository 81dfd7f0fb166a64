package supplement

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// The longest supplement strings, in bytes: every item at its maximum and ten separators.
const (
	MaxDirectLen = 1 + regulation.MaxAppIDLen + regulation.MaxAddrLen + regulation.MaxPortLen +
		regulation.TimeLen + regulation.MaxAccountLen + 1 + separators
	MaxRelayLen = MaxDirectLen + regulation.MaxAppIDLen + regulation.MaxAddrLen +
		regulation.MaxPortLen + regulation.TimeLen
)

const (
	items      = 11
	separators = items - 1
)

// Supplement is 补充获取信息 (4.2.2): what the trading software adds of one login.
type Supplement struct {
	Flag      regulation.AbnormalFlag
	AppID     regulation.AppID
	Public    netip.AddrPort // 客户交易终端公网IP, 端口号
	LoginTime time.Time      // 客户交易终端登入时间; printed in UTC+8, whole seconds
	Relay     *Relay         // nil in direct mode
	Offline   bool           // an order by telephone (4.2.3 a, type 6): Public is empty; only behind a relay
	Account   regulation.Account
	UserType  regulation.UserType
}

// Relay is what 4.2.2.2 adds for a login that came through a relay (中继代理).
type Relay struct {
	AppID     regulation.AppID // RelayAppID
	Addr      netip.AddrPort
	LoginTime time.Time
}

// Append appends the supplement string to dst:
//
//	异常标识@AppID@公网IP@公网端口@登入时间@RelayAppID@中继公网IP@中继端口@中继登入时间@资金账户@用户类型
//
// It appends at most MaxRelayLen bytes and allocates nothing if dst has room. An item
// that breaks its rule is a *regulation.ItemError; dst is then returned as it was.
// Address and port of an order by telephone (Offline) are empty, and their separators stay.
// A login time is printed as its second, which is cut and not rounded.
func (s *Supplement) Append(dst []byte) ([]byte, error) {
	if err := s.check(); err != nil {
		return dst, err
	}
	dst = append(dst, byte(s.Flag), regulation.Separator)
	if s.Offline {
		dst = append(append(dst, s.AppID...), regulation.Separator, regulation.Separator, regulation.Separator)
		dst = s.LoginTime.In(regulation.Zone).AppendFormat(dst, regulation.TimeLayout)
	} else {
		dst = appendPeer(dst, s.AppID, s.Public, s.LoginTime)
	}
	if s.Relay == nil {
		dst = append(dst, regulation.Separator, regulation.Separator, regulation.Separator, regulation.Separator)
	} else {
		dst = append(dst, regulation.Separator)
		dst = appendPeer(dst, s.Relay.AppID, s.Relay.Addr, s.Relay.LoginTime)
	}
	dst = append(dst, regulation.Separator)
	dst = append(dst, s.Account...)
	return append(dst, regulation.Separator, byte(s.UserType)), nil
}

// appendPeer appends the four items that terminal and relay have in common.
func appendPeer(dst []byte, appID regulation.AppID, addr netip.AddrPort, login time.Time) []byte {
	dst = append(dst, appID...)
	dst = append(dst, regulation.Separator)
	dst = regulation.AppendAddr(dst, addr.Addr())
	dst = append(dst, regulation.Separator)
	dst = strconv.AppendUint(dst, uint64(addr.Port()), 10)
	dst = append(dst, regulation.Separator)
	return login.In(regulation.Zone).AppendFormat(dst, regulation.TimeLayout)
}

func (s *Supplement) check() error {
	if !s.Flag.Valid() {
		return &regulation.ItemError{Item: "abnormal flag", Problem: "not one of 0 to 3"}
	}
	if err := s.checkTerminal(); err != nil {
		return err
	}
	if s.Relay != nil {
		if err := checkPeer("relay ", s.Relay.AppID, s.Relay.Addr, s.Relay.LoginTime); err != nil {
			return err
		}
	}
	if _, err := regulation.ParseAccount(string(s.Account)); err != nil {
		return err
	}
	if !s.UserType.Valid() {
		return &regulation.ItemError{Item: "user type", Problem: "not 1 or 2"}
	}
	return nil
}

// checkTerminal checks the terminal's four items.
func (s *Supplement) checkTerminal() error {
	switch {
	case !s.Offline:
		return checkPeer("", s.AppID, s.Public, s.LoginTime)
	case s.Relay == nil:
		return &regulation.ItemError{Item: "address", Problem: "missing, and no relay could have taken an order by telephone"}
	case s.Public != netip.AddrPort{}:
		return &regulation.ItemError{Item: "address", Problem: "is given, and the order came by telephone"}
	}
	if err := checkSoftware("", s.AppID); err != nil {
		return err
	}
	return checkTime("", s.LoginTime)
}

// checkPeer checks the four items of whose, "" for the terminal or "relay ".
func checkPeer(whose string, appID regulation.AppID, addr netip.AddrPort, login time.Time) error {
	if err := checkSoftware(whose, appID); err != nil {
		return err
	}
	if problem := addrProblem(addr.Addr()); problem != "" {
		return &regulation.ItemError{Item: whose + "address", Problem: problem}
	}
	if addr.Port() == 0 {
		return &regulation.ItemError{Item: whose + "port", Problem: "0 is no port"}
	}
	return checkTime(whose, login)
}

func checkSoftware(whose string, appID regulation.AppID) error {
	if _, err := regulation.ParseAppID(string(appID)); err != nil {
		var item *regulation.ItemError
		if whose != "" && errors.As(err, &item) {
			return &regulation.ItemError{Item: whose + item.Item, Problem: item.Problem}
		}
		return err
	}
	return nil
}

func checkTime(whose string, login time.Time) error {
	if login.IsZero() {
		return &regulation.ItemError{Item: whose + "login time", Problem: "missing"}
	}
	if year := login.In(regulation.Zone).Year(); year < 1 || year > 9999 {
		return &regulation.ItemError{Item: whose + "login time", Problem: "the year does not have four digits"}
	}
	return nil
}

// Parse is the inverse of Append: it accepts exactly the strings that Append makes, and
// nothing else. The error is a *regulation.ItemError and never contains the value.
// Addresses come back unmapped, times in regulation.Zone.
func Parse(b []byte) (Supplement, error) {
	var field [items]string
	rest, more := b, true
	for i := range field {
		var f []byte
		if !more {
			return Supplement{}, wholeError(fmt.Sprintf("%d items, want %d", i, items))
		}
		f, rest, more = bytes.Cut(rest, []byte{regulation.Separator})
		field[i] = string(f)
	}
	if more {
		return Supplement{}, wholeError(fmt.Sprintf("more than %d items", items))
	}
	s, err := parseItems(&field)
	if err != nil {
		return Supplement{}, err
	}
	// Printing what was read refuses, in one place, every other way to write the same
	// value: "::1", "080", a mapped address, a one-digit hour.
	again, err := s.Append(make([]byte, 0, MaxRelayLen))
	if err != nil {
		return Supplement{}, err
	}
	if !bytes.Equal(again, b) {
		return Supplement{}, wholeError("an address, port or time is not in the form that 4.2.4 asks for")
	}
	return s, nil
}

func wholeError(problem string) error {
	return &regulation.ItemError{Item: "supplement string", Problem: problem}
}

func parseItems(field *[items]string) (s Supplement, err error) {
	if len(field[0]) != 1 {
		return s, &regulation.ItemError{Item: "abnormal flag", Problem: "not one byte"}
	}
	if len(field[10]) != 1 {
		return s, &regulation.ItemError{Item: "user type", Problem: "not one byte"}
	}
	s.Flag = regulation.AbnormalFlag(field[0][0])
	s.AppID = regulation.AppID(field[1])
	s.Account = regulation.Account(field[9])
	s.UserType = regulation.UserType(field[10][0])
	if s.Offline = field[2] == "" && field[3] == ""; s.Offline {
		s.LoginTime, err = parseTime("", field[4])
	} else {
		s.Public, s.LoginTime, err = parsePeer("", field[2:5])
	}
	if err != nil {
		return s, err
	}
	if field[5] == "" && field[6] == "" && field[7] == "" && field[8] == "" {
		return s, nil
	}
	s.Relay = &Relay{AppID: regulation.AppID(field[5])}
	s.Relay.Addr, s.Relay.LoginTime, err = parsePeer("relay ", field[6:9])
	return s, err
}

// parsePeer reads address, port and login time. It may be lax: Parse prints them again.
func parsePeer(whose string, field []string) (netip.AddrPort, time.Time, error) {
	addr, err := netip.ParseAddr(field[0])
	if err != nil {
		return netip.AddrPort{}, time.Time{}, &regulation.ItemError{Item: whose + "address", Problem: "not an IP address"}
	}
	port, err := strconv.ParseUint(field[1], 10, 16)
	if err != nil {
		return netip.AddrPort{}, time.Time{}, &regulation.ItemError{Item: whose + "port", Problem: "not a number up to 65535"}
	}
	login, err := parseTime(whose, field[2])
	return netip.AddrPortFrom(addr, uint16(port)), login, err
}

func parseTime(whose, field string) (time.Time, error) {
	login, err := time.ParseInLocation(regulation.TimeLayout, field, regulation.Zone)
	if err != nil {
		return time.Time{}, &regulation.ItemError{Item: whose + "login time", Problem: "not a time like 2025-07-10 08:45:00"}
	}
	return login, nil
}
