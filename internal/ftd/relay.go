package ftd

// The fields of relays (中继代理). Lengths of their fixed items, in bytes.
const (
	relayedTerminalLen = 30 + 39 + 5 + 19 + 1
	submitRequestLen   = 10 + 18 + 36 + 1
	submitResponseLen  = 10 + 18 + 1 + 8 + 36 + 36 + 1
	relayRecordedLen   = 30 + 39 + 5 + 19
	relayTermsLen      = 5 + 6 + 6 + 6 + 1
	submitRefLen       = 36
	terminalTagLen     = 40 + 150
)

// The AppTypes of relays (c1, of AuthResult and SessionContext). Every other is a terminal's.
const (
	InvestorRelay = '2' // many-to-many: one connection for each terminal, with the customer's password
	OperatorRelay = '3' // one connection for many terminals, which it submits
)

// The codes of SubmitRequest.Attempt.
const (
	AttemptFirst = '0'
	AttemptAgain = '1' // the same submission was sent before, and its answer did not come
)

// TerminalOffline is the RelayedTerminal.TerminalType of an order by telephone (4.2.3 a), which alone may come
// without an address. The others are '1' to '7', and '0' for one that the relay does not tell.
const TerminalOffline = '6'

// TermsTerminalExit is the RelayTerms.Features of a front that may send ForceExit with SubmitRef, which ends one
// terminal and not the connection; '0' is no feature.
const TermsTerminalExit = '1'

// RelayedTerminal is what the relay nearest the terminal saw of it: items 2 to 5 of the supplement string
// (4.2.2.2). Items alias the input of Decode.
type RelayedTerminal struct {
	AppID        []byte // s30, the terminal's, which that relay has verified
	PublicIP     []byte // s39, dotted IPv4 or any text of IPv6 without a zone
	PublicPort   int    // n5
	LoginTime    []byte // s19, YYYY-MM-DD HH:MM:SS, UTC+8: when the terminal's login arrived at the relay
	TerminalType byte   // c1, '0' to '7'
}

// Decode reads the data of a field.
func (f *RelayedTerminal) Decode(data []byte) error {
	r, err := readItems(FIDRelayedTerminal, data, relayedTerminalLen)
	if err != nil {
		return err
	}
	f.AppID = r.text("AppID", 30)
	f.PublicIP = r.text("PublicIP", 39)
	f.PublicPort = r.number("PublicPort", 5)
	f.LoginTime = r.text("LoginTime", 19)
	f.TerminalType = r.char()
	return r.err
}

// RelayedTerminal appends the field.
func (e *Encoder) RelayedTerminal(f *RelayedTerminal) {
	if !e.begin(FIDRelayedTerminal, relayedTerminalLen) {
		return
	}
	e.text("AppID", 30, f.AppID)
	e.text("PublicIP", 39, f.PublicIP)
	e.number("PublicPort", 5, f.PublicPort)
	e.text("LoginTime", 19, f.LoginTime)
	e.char(f.TerminalType)
}

// SubmitRequest is whose terminal an operator relay reports. Items alias the input of Decode.
type SubmitRequest struct {
	BrokerID []byte // s10
	UserID   []byte // s18, the customer's account
	SubmitID []byte // s36, a UUIDv7 in lower-case text, one for each submission
	Attempt  byte   // c1, AttemptFirst or AttemptAgain
}

// Decode reads the data of a field.
func (f *SubmitRequest) Decode(data []byte) error {
	r, err := readItems(FIDSubmitRequest, data, submitRequestLen)
	if err != nil {
		return err
	}
	f.BrokerID = r.text("BrokerID", 10)
	f.UserID = r.text("UserID", 18)
	f.SubmitID = r.text("SubmitID", 36)
	f.Attempt = r.char()
	return r.err
}

// SubmitRequest appends the field.
func (e *Encoder) SubmitRequest(f *SubmitRequest) {
	if !e.begin(FIDSubmitRequest, submitRequestLen) {
		return
	}
	e.text("BrokerID", 10, f.BrokerID)
	e.text("UserID", 18, f.UserID)
	e.text("SubmitID", 36, f.SubmitID)
	e.char(f.Attempt)
}

// SubmitResponse is what was recorded of a submission. Items alias the input of Decode.
type SubmitResponse struct {
	BrokerID     []byte // s10
	UserID       []byte // s18, the customer's account
	UserType     byte   // c1, as recorded: '2'
	TradingDay   []byte // s8, YYYYMMDD
	SubmitID     []byte // s36
	RecordID     []byte // s36, UUID: the receipt
	AbnormalFlag byte   // c1, 异常标识 as recorded
}

// Decode reads the data of a field.
func (f *SubmitResponse) Decode(data []byte) error {
	r, err := readItems(FIDSubmitResponse, data, submitResponseLen)
	if err != nil {
		return err
	}
	f.BrokerID = r.text("BrokerID", 10)
	f.UserID = r.text("UserID", 18)
	f.UserType = r.char()
	f.TradingDay = r.text("TradingDay", 8)
	f.SubmitID = r.text("SubmitID", 36)
	f.RecordID = r.text("RecordID", 36)
	f.AbnormalFlag = r.char()
	return r.err
}

// SubmitResponse appends the field.
func (e *Encoder) SubmitResponse(f *SubmitResponse) {
	if !e.begin(FIDSubmitResponse, submitResponseLen) {
		return
	}
	e.text("BrokerID", 10, f.BrokerID)
	e.text("UserID", 18, f.UserID)
	e.char(f.UserType)
	e.text("TradingDay", 8, f.TradingDay)
	e.text("SubmitID", 36, f.SubmitID)
	e.text("RecordID", 36, f.RecordID)
	e.char(f.AbnormalFlag)
}

// RelayRecorded is items 6 to 9 of the supplement string as recorded. Items alias the input of Decode.
type RelayRecorded struct {
	RelayAppID     []byte // s30
	RelayIP        []byte // s39
	RelayPort      int    // n5
	RelayLoginTime []byte // s19, as RelayedTerminal.LoginTime
}

// Decode reads the data of a field.
func (f *RelayRecorded) Decode(data []byte) error {
	r, err := readItems(FIDRelayRecorded, data, relayRecordedLen)
	if err != nil {
		return err
	}
	f.RelayAppID = r.text("RelayAppID", 30)
	f.RelayIP = r.text("RelayIP", 39)
	f.RelayPort = r.number("RelayPort", 5)
	f.RelayLoginTime = r.text("RelayLoginTime", 19)
	return r.err
}

// RelayRecorded appends the field.
func (e *Encoder) RelayRecorded(f *RelayRecorded) {
	if !e.begin(FIDRelayRecorded, relayRecordedLen) {
		return
	}
	e.text("RelayAppID", 30, f.RelayAppID)
	e.text("RelayIP", 39, f.RelayIP)
	e.number("RelayPort", 5, f.RelayPort)
	e.text("RelayLoginTime", 19, f.RelayLoginTime)
}

// RelayTerms is what an operator relay may ask of the front.
type RelayTerms struct {
	Window         int  // n5: submissions that may be unanswered
	Rate           int  // n6: submissions a second
	Burst          int  // n6: submissions at once
	MaxTerminalAge int  // n6: seconds after which a terminal's LoginTime is too old
	Features       byte // c1: '0', or TermsTerminalExit
}

// Decode reads the data of a field.
func (f *RelayTerms) Decode(data []byte) error {
	r, err := readItems(FIDRelayTerms, data, relayTermsLen)
	if err != nil {
		return err
	}
	f.Window = r.number("Window", 5)
	f.Rate = r.number("Rate", 6)
	f.Burst = r.number("Burst", 6)
	f.MaxTerminalAge = r.number("MaxTerminalAge", 6)
	f.Features = r.char()
	return r.err
}

// RelayTerms appends the field.
func (e *Encoder) RelayTerms(f *RelayTerms) {
	if !e.begin(FIDRelayTerms, relayTermsLen) {
		return
	}
	e.number("Window", 5, f.Window)
	e.number("Rate", 6, f.Rate)
	e.number("Burst", 6, f.Burst)
	e.number("MaxTerminalAge", 6, f.MaxTerminalAge)
	e.char(f.Features)
}

// SubmitRef names a submission: in a refusal, in TerminalEnd, and in a ForceExit that ends one terminal. Items
// alias the input of Decode.
type SubmitRef struct {
	SubmitID []byte // s36
}

// Decode reads the data of a field.
func (f *SubmitRef) Decode(data []byte) error {
	r, err := readItems(FIDSubmitRef, data, submitRefLen)
	if err != nil {
		return err
	}
	f.SubmitID = r.text("SubmitID", 36)
	return r.err
}

// SubmitRef appends the field.
func (e *Encoder) SubmitRef(f *SubmitRef) {
	if e.begin(FIDSubmitRef, submitRefLen) {
		e.text("SubmitID", 36, f.SubmitID)
	}
}

// TerminalTag is personal data that some relays send beside a terminal; it is no part of a report. Items alias the
// input of Decode.
type TerminalTag struct {
	MAC []byte // s40
	Tag []byte // s150, as UUID|phone
}

// Decode reads the data of a field.
func (f *TerminalTag) Decode(data []byte) error {
	r, err := readItems(FIDTerminalTag, data, terminalTagLen)
	if err != nil {
		return err
	}
	f.MAC = r.text("MAC", 40)
	f.Tag = r.text("Tag", 150)
	return r.err
}

// TerminalTag appends the field.
func (e *Encoder) TerminalTag(f *TerminalTag) {
	if !e.begin(FIDTerminalTag, terminalTagLen) {
		return
	}
	e.text("MAC", 40, f.MAC)
	e.text("Tag", 150, f.Tag)
}
