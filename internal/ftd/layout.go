package ftd

import (
	"strconv"
	"strings"
	"sync"
)

// ItemKind is how an item is written (docs/protocol.md, "Numbers, texts, bytes").
type ItemKind byte

// The kinds.
const (
	ItemText   ItemKind = 's'
	ItemChar   ItemKind = 'c'
	ItemWord   ItemKind = 'w'
	ItemInt    ItemKind = 'i'
	ItemDigits ItemKind = 'n'
	ItemBytes  ItemKind = 'b'
)

// Item is one item of a field.
type Item struct {
	Name string
	Kind ItemKind
	Len  int // in bytes; 0 for b*, all that is left of the field
	// Optional items are at the end of a field, all or none: older fronts did not send them.
	Optional bool
}

// Layout is what a field between a terminal and a front consists of, for those that show one.
type Layout struct {
	Items []Item
	Run   bool // the items repeat, to the end of the field
}

// Len is how many bytes the field has at least.
func (l *Layout) Len() (n int) {
	for i := range l.Items {
		if !l.Items[i].Optional {
			n += l.Items[i].Len
		}
	}
	return n
}

// layouts have the words of the table in docs/protocol.md; | is before the items that are optional. Tests hold them to that table
// and to what Decode reads.
//
//nolint:gosec // G101: names of items, no credentials
var layouts = map[FID]string{
	FIDError:               "ErrorCode s10, ErrorText s100, TimeStamp s20",
	FIDForceExit:           "ForceExitCode c1, ForceExitMsg s100",
	FIDErrorTargetSequence: "TargetSeries w2, TargetNumber i4",
	FIDAuthIdentity:        "BrokerID s10, AppID s30, ProductInfo s10",
	FIDAuthInfo:            "AuthInfo b128",
	FIDAuthChallenge:       "TimeStamp b128",
	FIDAuthResult:          "AppID s30, AppType c1",
	FIDLoginRequest:        "BrokerID s10, UserID s18, Password s40, HeartbeatSeconds n3, Remark s35",
	FIDTerminalInfo:        "KeyVersion s8, AbnormalFlag c1, Ciphertext b*",
	FIDLoginResponse: "BrokerID s10, UserID s18, UserType c1, TradingDay s8, LoginTime s19, PublicIP s39, PublicPort n5, AbnormalFlag c1, " +
		"FrontID i4, SessionID i4, RecordID s36, SystemName s40, |LastLogin s19, |LastIP s39, |Notice s100",
	FIDLogoutRequest:   "BrokerID s10, UserID s18",
	FIDRelayedTerminal: "AppID s30, PublicIP s39, PublicPort n5, LoginTime s19, TerminalType c1",
	FIDSubmitRequest:   "BrokerID s10, UserID s18, SubmitID s36, Attempt c1",
	FIDSubmitResponse:  "BrokerID s10, UserID s18, UserType c1, TradingDay s8, SubmitID s36, RecordID s36, AbnormalFlag c1",
	FIDRelayRecorded:   "RelayAppID s30, RelayIP s39, RelayPort n5, RelayLoginTime s19",
	FIDRelayTerms:      "Window n5, Rate n6, Burst n6, MaxTerminalAge n6, Features c1",
	FIDSubmitRef:       "SubmitID s36",
	FIDTerminalTag:     "MAC s40, Tag s150",
	FIDResumePoints:    "a run of Series w2, Number i4",
	FIDPasswordUpdate:  "BrokerID s10, UserID s18, OldPassword s40, NewPassword s40",
}

var parsedLayouts = sync.OnceValue(func() map[FID]*Layout {
	all := make(map[FID]*Layout, len(layouts))
	for fid, text := range layouts {
		text, run := strings.CutPrefix(text, "a run of ")
		l := &Layout{Run: run}
		for item := range strings.SplitSeq(text, ", ") {
			item, optional := strings.CutPrefix(item, "|")
			name, form, _ := strings.Cut(item, " ")
			n, _ := strconv.Atoi(form[1:]) // b* has none
			l.Items = append(l.Items, Item{Name: name, Kind: ItemKind(form[0]), Len: n, Optional: optional})
		}
		all[fid] = l
	}
	return all
})

// LayoutOf is the layout of a field between a terminal and a front; false if it is none of those known here.
func LayoutOf(fid FID) (*Layout, bool) {
	l, known := parsedLayouts()[fid]
	return l, known
}
