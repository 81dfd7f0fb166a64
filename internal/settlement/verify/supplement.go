package verify

import (
	"net/netip"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// supplementItems is how many items a supplement has, with a relay or without (4.4.2).
const supplementItems = 11

// login is what a supplement says. An item that breaks its rule is left zero.
type login struct {
	flag    regulation.AbnormalFlag
	at      time.Time // item 5: at the front, or of a relayed line at the relay
	mode    mode
	keyTime time.Time // when the front held the key version to its life; zero if the line does not say
	offline bool      // it has no address, as an order by telephone
}

// mode is how a login came to the front.
type mode int

const (
	direct     mode = iota // also an operator relay's own login
	manyToMany             // a customer's login through a relay
	byOperator             // an operator relay's report of a terminal
	numModes
)

// How far the login time that a relay tells may lie behind the front's instant, and before the day's window: the bounds
// of relay.clock_ahead and relay.max_terminal_age.
const (
	relayAhead = 10 * time.Minute
	relayAge   = 400 * time.Hour
)

// judgeLogin judges each item of a supplement and counts those that are right:
//
//	异常标识@AppID@公网IP@公网端口@登入时间@RelayAppID@中继公网IP@中继端口@中继登入时间@资金账户@用户类型
func (w *worker) judgeLogin(l *line, text string) (in login) {
	number := l.number
	items := strings.Split(text, string(rune(regulation.Separator)))
	if len(items) != supplementItems {
		w.found.add(SupplementItems, number, plural(len(items), "item"))
		return in
	}
	in.flag = w.judgeFlagItem(number, items[0])
	w.judgeApp(number, items[1], in.flag)
	relayed := [4]string(items[5:9]) != [4]string{}
	switch {
	case relayed && items[10] == string(rune(regulation.UserOperator)):
		in.mode = byOperator
	case relayed:
		in.mode = manyToMany
	}
	w.shares.opened.modes[in.mode]++
	if in.offline = relayed && items[2] == "" && items[3] == ""; in.offline {
		w.found.add(OfflineOrder, number, "")
	} else {
		w.judgeAddress(number, items[2])
		if problem := portProblem(items[3]); problem != "" {
			w.found.add(Port, number, problem)
		}
	}
	in.at = w.judgeLoginTime(number, items[4], relayed)
	in.keyTime = in.at
	if relayed {
		in.keyTime = w.judgeRelay(number, [4]string(items[5:9]), in.mode)
		w.setVisit(l.print, items)
	}
	if _, err := regulation.ParseAccount(items[9]); err != nil {
		w.found.add(Account, number, problemOf(err))
	}
	w.judgeUser(number, items[10])
	return in
}

func (w *worker) judgeFlagItem(number int64, item string) regulation.AbnormalFlag {
	if len(item) != 1 || !regulation.AbnormalFlag(item[0]).Valid() {
		w.found.add(Flag, number, "")
		return 0
	}
	w.shares.opened.flags[item[0]-'0']++
	return regulation.AbnormalFlag(item[0])
}

func (w *worker) judgeApp(number int64, item string, flag regulation.AbnormalFlag) {
	if _, err := regulation.ParseAppID(item); err != nil {
		w.found.add(AppID, number, problemOf(err))
		return
	}
	w.shares.opened.apps.add(item)
	if flag.Valid() && flag != regulation.FlagNormal {
		w.shares.opened.abnormal.add(item)
	}
}

func (w *worker) judgeAddress(number int64, item string) {
	addr, problem := parseAddress(item)
	if problem != "" {
		w.found.add(Address, number, problem)
		return
	}
	kind := addrKindOf(addr)
	w.shares.opened.addrKinds[kind]++
	if addr.Is4() {
		w.shares.opened.v4++
	} else {
		w.shares.opened.v6++
	}
	if kind != addrPublic {
		w.found.add(AddressNotPublic, number, addrKinds[kind].english)
	}
	w.addressFingerprint(addr, number)
}

// judgeLoginTime holds the time to the window of the report's day, if that is known. That
// a window ends at 15:30 of its day is certain without a calendar too. A terminal may have logged in at its relay long
// before the front recorded it, and the relay's clock may be a little ahead.
func (w *worker) judgeLoginTime(number int64, item string, relayed bool) time.Time {
	at, problem := parseTime(item)
	if problem != "" {
		w.found.add(LoginTime, number, problem)
		return time.Time{}
	}
	w.shares.opened.hours[at.Hour()]++
	win := w.rules.window
	switch {
	case relayed && !win.End.IsZero() && !at.Before(win.End.Add(relayAhead)):
		w.found.add(LoginTimeWindow, number, "after its end, "+win.End.Format(regulation.TimeLayout))
	case relayed && !win.Start.IsZero() && at.Before(win.Start.Add(-relayAge)):
		w.found.add(LoginTimeWindow, number, "longer before its start than any front takes, "+win.Start.Format(regulation.TimeLayout))
	case relayed:
	case !win.End.IsZero() && !at.Before(win.End):
		w.found.add(LoginTimeWindow, number, "at or after its end, "+win.End.Format(regulation.TimeLayout))
	case !win.Start.IsZero() && at.Before(win.Start):
		w.found.add(LoginTimeWindow, number, "before its start, "+win.Start.Format(regulation.TimeLayout))
	}
	return at
}

// judgeRelay judges RelayAppID, IP, port and time: direct logins leave them empty, relayed ones none. It returns the
// front's instant, as far as the line says: many-to-many the relay logs in with each terminal, an operator relay once.
func (w *worker) judgeRelay(number int64, items [4]string, m mode) (instant time.Time) {
	for i, item := range items {
		if item == "" {
			w.found.add(Relay, number, relayNames[i]+": empty, and the others are not")
			return time.Time{}
		}
	}
	if _, err := regulation.ParseAppID(items[0]); err != nil {
		w.found.add(Relay, number, relayNames[0]+": "+problemOf(err))
	}
	if _, problem := parseAddress(items[1]); problem != "" {
		w.found.add(Relay, number, relayNames[1]+": "+problem)
	}
	if problem := portProblem(items[2]); problem != "" {
		w.found.add(Relay, number, relayNames[2]+": "+problem)
	}
	at, problem := parseTime(items[3])
	win := w.rules.window
	switch {
	case problem != "":
		w.found.add(Relay, number, relayNames[3]+": "+problem)
		return time.Time{}
	case !win.End.IsZero() && !at.Before(win.End):
		w.found.add(Relay, number, relayNames[3]+": after the end of the day's window")
	case m == byOperator: // the operator may have logged in long before the customer
		return time.Time{}
	case !win.Start.IsZero() && at.Before(win.Start):
		w.found.add(RelayLoginTime, number, "before its start, "+win.Start.Format(regulation.TimeLayout))
	}
	return at
}

var relayNames = [4]string{"RelayAppID", "relay IP", "relay port", "relay login time"}

func (w *worker) judgeUser(number int64, item string) {
	if len(item) != 1 || !regulation.UserType(item[0]).Valid() {
		w.found.add(UserType, number, "")
		return
	}
	w.shares.opened.users[item[0]-'1']++
}

// portProblem says what is wrong with a port, "" if nothing is: 1 to 65535, no zero before it.
func portProblem(s string) string {
	if s == "" || len(s) > regulation.MaxPortLen || strings.Trim(s, "0123456789") != "" {
		return "not a number of 1 to 5 digits"
	}
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	if s[0] == '0' || n > 65535 {
		return "not 1 to 65535 without a zero before it"
	}
	return ""
}

// parseTime reads the one form of a time (4.2.4).
func parseTime(s string) (time.Time, string) {
	at, err := time.ParseInLocation(regulation.TimeLayout, s, regulation.Zone)
	if err != nil || at.Format(regulation.TimeLayout) != s {
		return time.Time{}, "not a time like 2018-05-01 09:00:00"
	}
	return at, ""
}

// parseAddress reads the one form of an address: IPv4 dotted, IPv6 as eight groups of four
// upper-case hex digits. An IPv4-mapped address is an IPv4 address written wrongly.
func parseAddress(s string) (netip.Addr, string) {
	addr, err := netip.ParseAddr(s)
	switch {
	case err != nil || addr.Zone() != "":
		return netip.Addr{}, "not an IP address"
	case addr.Is4In6() || printed(addr) != s:
		return netip.Addr{}, "not in the form of 4.2.4"
	case addr.IsUnspecified():
		return netip.Addr{}, "unspecified"
	}
	return addr, ""
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}
