package ftd

import "encoding/binary"

// What goes over the link between a front and a trading core (docs/core.md). Frames and messages are those
// of a terminal; the tag in the extension says whose they are.

// Lengths of the fixed items of each field, in bytes.
const (
	linkIdentityLen   = 3 + 4 + 36 + 10 + 20 + 6 + 1
	linkAcceptLen     = 20 + 36 + 4 + 1 + 8 + 3 + 4
	sessionContextLen = 30 + 1 + 39 + 5 + 19 + 30
	verifyResultLen   = 18 + 1 + 1 + 19 + 39 + 100
	sessionRecordLen  = 36 + 19 + 8 + 1
	reasonLen         = 1 + 100
	resumeSessionLen  = 18 + 36 // and points to the end of the field
	linkCreditLen     = 4
)

// SessionHeaderLen is how long a frame's header and its extension with a SessionTag are, in bytes.
const SessionHeaderLen = FrameHeaderLen + tlvHeaderLen + sessionTagLen

const sessionTagLen = 4 + 4

// SessionTag is the data of TagSession: which session of which front a frame belongs to.
type SessionTag struct {
	FrontID   int32
	SessionID int32
}

// Session is the frame's SessionTag. ok is false if there is none, or one of another length.
func (e Extension) Session() (tag SessionTag, ok bool) {
	data, ok := e.Lookup(TagSession)
	if !ok || len(data) != sessionTagLen {
		return SessionTag{}, false
	}
	return SessionTag{int32(binary.BigEndian.Uint32(data)), int32(binary.BigEndian.Uint32(data[4:]))}, true
}

// Audience is the data of TagAudience: whose a broadcast is.
type Audience byte

// The audiences.
const (
	AudienceFront  Audience = 'B' // every session of this front that is logged in
	AudienceSeries Audience = 'D' // those that asked for the message's series
)

// Audience is the frame's. ok is false if there is none, or one that is not known.
func (e Extension) Audience() (a Audience, ok bool) {
	data, ok := e.Lookup(TagAudience)
	if !ok || len(data) != 1 {
		return 0, false
	}
	a = Audience(data[0])
	return a, a == AudienceFront || a == AudienceSeries
}

// appendSessionHeader appends the header of an FTDC frame with a session's tag and a body of bodyLen bytes.
func appendSessionHeader(dst []byte, tag SessionTag, bodyLen int) []byte {
	dst = append(dst, byte(FrameFTDC), tlvHeaderLen+sessionTagLen)
	dst = binary.BigEndian.AppendUint16(dst, uint16(bodyLen))
	dst = append(dst, byte(TagSession), sessionTagLen)
	dst = binary.BigEndian.AppendUint32(dst, uint32(tag.FrontID))
	return binary.BigEndian.AppendUint32(dst, uint32(tag.SessionID))
}

// AppendSessionFrame appends a session's frame with body, unchanged, to dst: SessionHeaderLen bytes more
// than body. body has at most MaxBodyLen bytes.
func AppendSessionFrame(dst []byte, tag SessionTag, body []byte) []byte {
	return append(appendSessionHeader(dst, tag, len(body)), body...)
}

// AppendBroadcast appends a core's frame for an audience, with body, unchanged, to dst.
func AppendBroadcast(dst []byte, to Audience, body []byte) []byte {
	dst = append(dst, byte(FrameFTDC), tlvHeaderLen+1)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(body)))
	return append(append(dst, byte(TagAudience), 1, byte(to)), body...)
}

// LinkProtocol is the version of the link that LinkIdentity names.
const LinkProtocol = 1

// LinkIdentity is which front opens a link. Items alias the input of Decode.
type LinkIdentity struct {
	Protocol    int    // n3: LinkProtocol
	FrontID     int32  // i4
	Process     []byte // s36, UUID of this start of the front
	BrokerID    []byte // s10
	Version     []byte // s20, of the front's program
	MaxSessions int    // n6
	Business    byte   // c1: '1' business messages follow, '0' the core verifies logins only
}

// Decode reads the data of a field.
func (f *LinkIdentity) Decode(data []byte) error {
	r, err := readItems(FIDLinkIdentity, data, linkIdentityLen)
	if err != nil {
		return err
	}
	f.Protocol = r.number("Protocol", 3)
	f.FrontID = r.int32()
	f.Process = r.text("Process", 36)
	f.BrokerID = r.text("BrokerID", 10)
	f.Version = r.text("Version", 20)
	f.MaxSessions = r.number("MaxSessions", 6)
	f.Business = r.char()
	return r.err
}

// LinkIdentity appends the field.
func (e *Encoder) LinkIdentity(f *LinkIdentity) {
	if !e.begin(FIDLinkIdentity, linkIdentityLen) {
		return
	}
	e.number("Protocol", 3, f.Protocol)
	e.int32(f.FrontID)
	e.text("Process", 36, f.Process)
	e.text("BrokerID", 10, f.BrokerID)
	e.text("Version", 20, f.Version)
	e.number("MaxSessions", 6, f.MaxSessions)
	e.char(f.Business)
}

// CoreState is how a core is, as LinkAccept says.
type CoreState byte

// The states of a core.
const (
	CoreInitialising CoreState = 'I'
	CoreActive       CoreState = 'A'
	CoreStandby      CoreState = 'S'
)

// UnlimitedCredit is LinkAccept's Credit of a core that never stops a front.
const UnlimitedCredit = -1

// LinkAccept is which core answers, and how it is. Items alias the input of Decode.
type LinkAccept struct {
	CoreID           []byte    // s20
	Instance         []byte    // s36, UUID of this start of the core
	Term             int32     // i4, only rises
	State            CoreState // c1
	TradingDay       []byte    // s8, YYYYMMDD
	HeartbeatSeconds int       // n3
	Credit           int32     // i4: business frames that the front may send; UnlimitedCredit
}

// Decode reads the data of a field.
func (f *LinkAccept) Decode(data []byte) error {
	r, err := readItems(FIDLinkAccept, data, linkAcceptLen)
	if err != nil {
		return err
	}
	f.CoreID = r.text("CoreID", 20)
	f.Instance = r.text("Instance", 36)
	f.Term = r.int32()
	f.State = CoreState(r.char())
	f.TradingDay = r.text("TradingDay", 8)
	f.HeartbeatSeconds = r.number("HeartbeatSeconds", 3)
	f.Credit = r.int32()
	return r.err
}

// LinkAccept appends the field.
func (e *Encoder) LinkAccept(f *LinkAccept) {
	if !e.begin(FIDLinkAccept, linkAcceptLen) {
		return
	}
	e.text("CoreID", 20, f.CoreID)
	e.text("Instance", 36, f.Instance)
	e.int32(f.Term)
	e.char(byte(f.State))
	e.text("TradingDay", 8, f.TradingDay)
	e.number("HeartbeatSeconds", 3, f.HeartbeatSeconds)
	e.int32(f.Credit)
}

// SessionContext is from where and by what a login comes that the core is to verify. Items alias the input
// of Decode.
type SessionContext struct {
	AppID      []byte // s30, authenticated
	AppType    byte   // c1
	PublicIP   []byte // s39, as in LoginResponse
	PublicPort int    // n5
	Instant    []byte // s19, YYYY-MM-DD HH:MM:SS, UTC+8: when the front asked
	RelayAppID []byte // s30, empty without a relay
}

// Decode reads the data of a field.
func (f *SessionContext) Decode(data []byte) error {
	r, err := readItems(FIDSessionContext, data, sessionContextLen)
	if err != nil {
		return err
	}
	f.AppID = r.text("AppID", 30)
	f.AppType = r.char()
	f.PublicIP = r.text("PublicIP", 39)
	f.PublicPort = r.number("PublicPort", 5)
	f.Instant = r.text("Instant", 19)
	f.RelayAppID = r.text("RelayAppID", 30)
	return r.err
}

// SessionContext appends the field.
func (e *Encoder) SessionContext(f *SessionContext) {
	if !e.begin(FIDSessionContext, sessionContextLen) {
		return
	}
	e.text("AppID", 30, f.AppID)
	e.char(f.AppType)
	e.text("PublicIP", 39, f.PublicIP)
	e.number("PublicPort", 5, f.PublicPort)
	e.text("Instant", 19, f.Instant)
	e.text("RelayAppID", 30, f.RelayAppID)
}

// What a verified customer may do: VerifyResult.Restriction.
const (
	RestrictionNone         = '0'
	RestrictionPasswordOnly = '1' // nothing but change the password
)

// VerifyResult is who the core says that a customer is. Items alias the input of Decode.
type VerifyResult struct {
	UserID      []byte // s18
	UserType    byte   // c1: '1' customer, '2' operator
	Restriction byte   // c1
	LastLogin   []byte // s19; as the next two, shown to the customer in LoginResponse
	LastIP      []byte // s39
	Notice      []byte // s100
}

// Decode reads the data of a field.
func (f *VerifyResult) Decode(data []byte) error {
	r, err := readItems(FIDVerifyResult, data, verifyResultLen)
	if err != nil {
		return err
	}
	f.UserID = r.text("UserID", 18)
	f.UserType = r.char()
	f.Restriction = r.char()
	f.LastLogin = r.text("LastLogin", 19)
	f.LastIP = r.text("LastIP", 39)
	f.Notice = r.text("Notice", 100)
	return r.err
}

// VerifyResult appends the field.
func (e *Encoder) VerifyResult(f *VerifyResult) {
	if !e.begin(FIDVerifyResult, verifyResultLen) {
		return
	}
	e.text("UserID", 18, f.UserID)
	e.char(f.UserType)
	e.char(f.Restriction)
	e.text("LastLogin", 19, f.LastLogin)
	e.text("LastIP", 39, f.LastIP)
	e.text("Notice", 100, f.Notice)
}

// SessionRecord is what the front made durable about a login, once it is. Items alias the input of Decode.
type SessionRecord struct {
	RecordID     []byte // s36, UUID
	LoginTime    []byte // s19
	TradingDay   []byte // s8
	AbnormalFlag byte   // c1
}

// Decode reads the data of a field.
func (f *SessionRecord) Decode(data []byte) error {
	r, err := readItems(FIDSessionRecord, data, sessionRecordLen)
	if err != nil {
		return err
	}
	f.RecordID = r.text("RecordID", 36)
	f.LoginTime = r.text("LoginTime", 19)
	f.TradingDay = r.text("TradingDay", 8)
	f.AbnormalFlag = r.char()
	return r.err
}

// SessionRecord appends the field.
func (e *Encoder) SessionRecord(f *SessionRecord) {
	if !e.begin(FIDSessionRecord, sessionRecordLen) {
		return
	}
	e.text("RecordID", 36, f.RecordID)
	e.text("LoginTime", 19, f.LoginTime)
	e.text("TradingDay", 8, f.TradingDay)
	e.char(f.AbnormalFlag)
}

// ReasonCode is why a session at the core ended.
type ReasonCode byte

// The codes of Reason.
const (
	ReasonLogout       ReasonCode = '1'
	ReasonGone         ReasonCode = '2' // the terminal closed or fell silent
	ReasonKicked       ReasonCode = '3'
	ReasonDraining     ReasonCode = '4' // the front drains
	ReasonProtocol     ReasonCode = '5' // a protocol fault of the terminal
	ReasonSlowReader   ReasonCode = '6'
	ReasonRecordFailed ReasonCode = '7'
)

// Reason is why a session at the core ended, or never began. Items alias the input of Decode.
type Reason struct {
	Code ReasonCode // c1
	Text []byte     // s100
}

// Decode reads the data of a field.
func (f *Reason) Decode(data []byte) error {
	r, err := readItems(FIDReason, data, reasonLen)
	if err != nil {
		return err
	}
	f.Code = ReasonCode(r.char())
	f.Text = r.text("Text", 100)
	return r.err
}

// Reason appends the field.
func (e *Encoder) Reason(f *Reason) {
	if e.begin(FIDReason, reasonLen) {
		e.char(byte(f.Code))
		e.text("Text", 100, f.Text)
	}
}

// ResumeSession is a session that was open when the core went away, and how far its flows were delivered.
// Items alias the input of Decode.
type ResumeSession struct {
	UserID    []byte // s18
	RecordID  []byte // s36
	Delivered ResumePoints
}

// Decode reads the data of a field.
func (f *ResumeSession) Decode(data []byte) error {
	r, err := readItems(FIDResumeSession, data, resumeSessionLen)
	if err != nil {
		return err
	}
	f.UserID = r.text("UserID", 18)
	f.RecordID = r.text("RecordID", 36)
	return r.points(&f.Delivered)
}

// ResumeSession appends the field.
func (e *Encoder) ResumeSession(f *ResumeSession) {
	if !e.begin(FIDResumeSession, resumeSessionLen+f.Delivered.Count*pointLen) {
		return
	}
	e.text("UserID", 18, f.UserID)
	e.text("RecordID", 36, f.RecordID)
	e.points(&f.Delivered)
}

// LinkCredit is how many more business frames may come.
type LinkCredit struct {
	Frames int32 // i4
}

// Decode reads the data of a field.
func (f *LinkCredit) Decode(data []byte) error {
	r, err := readItems(FIDLinkCredit, data, linkCreditLen)
	if err != nil {
		return err
	}
	f.Frames = r.int32()
	return nil
}

// LinkCredit appends the field.
func (e *Encoder) LinkCredit(f *LinkCredit) {
	if e.begin(FIDLinkCredit, linkCreditLen) {
		e.int32(f.Frames)
	}
}
