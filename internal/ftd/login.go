package ftd

// Lengths of the fixed items of each field, in bytes.
const (
	loginRequestLen  = 10 + 18 + 40 + 3 + 35
	terminalInfoLen  = 8 + 1 // and the ciphertext to the end of the field
	loginResponseLen = 10 + 18 + 1 + 8 + 19 + 39 + 5 + 1 + 4 + 4 + 36 + 40
	lastLoginLen     = 19 + 39 + 100 // at the end of LoginResponse; fronts before the core link did not send them
	logoutRequestLen = 10 + 18
)

// LoginRequest is who wants to log in. Items alias the input of Decode.
type LoginRequest struct {
	BrokerID         []byte // s10
	UserID           []byte // s18
	Password         []byte // s40; cannot end in a space, the padding
	HeartbeatSeconds int    // n3: 0..999, 0 asks for the front's default
	Remark           []byte // s35
}

// Decode reads the data of a field.
func (f *LoginRequest) Decode(data []byte) error {
	r, err := readItems(FIDLoginRequest, data, loginRequestLen)
	if err != nil {
		return err
	}
	f.BrokerID = r.text("BrokerID", 10)
	f.UserID = r.text("UserID", 18)
	f.Password = r.text("Password", 40)
	f.HeartbeatSeconds = r.number("HeartbeatSeconds", 3)
	f.Remark = r.text("Remark", 35)
	return r.err
}

// LoginRequest appends the field.
func (e *Encoder) LoginRequest(f *LoginRequest) {
	if !e.begin(FIDLoginRequest, loginRequestLen) {
		return
	}
	e.text("BrokerID", 10, f.BrokerID)
	e.text("UserID", 18, f.UserID)
	e.text("Password", 40, f.Password)
	e.number("HeartbeatSeconds", 3, f.HeartbeatSeconds)
	e.text("Remark", 35, f.Remark)
}

// TerminalInfo is what the terminal collected about itself, encrypted under the
// monitoring centre's key (4.2.2). Items alias the input of Decode.
type TerminalInfo struct {
	KeyVersion   []byte // s8, 加密密钥版本
	AbnormalFlag byte   // c1, the terminal's own 异常标识: any byte, the gateway judges it
	Ciphertext   []byte // b*, raw bytes as RSA made them, never base64; empty if there are none
}

// Decode reads the data of a field.
func (f *TerminalInfo) Decode(data []byte) error {
	r, err := readItems(FIDTerminalInfo, data, terminalInfoLen)
	if err != nil {
		return err
	}
	f.KeyVersion = r.text("KeyVersion", 8)
	f.AbnormalFlag = r.char()
	f.Ciphertext = r.rest()
	return r.err
}

// TerminalInfo appends the field.
func (e *Encoder) TerminalInfo(f *TerminalInfo) {
	if !e.begin(FIDTerminalInfo, terminalInfoLen+len(f.Ciphertext)) {
		return
	}
	e.text("KeyVersion", 8, f.KeyVersion)
	e.char(f.AbnormalFlag)
	e.raw(f.Ciphertext)
}

// LoginResponse is what the front recorded about a login. Items alias the input of
// Decode.
type LoginResponse struct {
	BrokerID     []byte // s10
	UserID       []byte // s18
	UserType     byte   // c1: '1' customer, '2' operator
	TradingDay   []byte // s8, YYYYMMDD
	LoginTime    []byte // s19, YYYY-MM-DD HH:MM:SS, UTC+8
	PublicIP     []byte // s39, dotted IPv4 or 8 expanded upper-case groups of IPv6
	PublicPort   int    // n5
	AbnormalFlag byte   // c1, 异常标识 as recorded
	FrontID      int32  // i4
	SessionID    int32  // i4
	RecordID     []byte // s36, UUID: the receipt
	SystemName   []byte // s40

	// What the core told of the customer, for the customer to look at; empty without a core, and from a
	// front that does not send them.
	LastLogin []byte // s19, as LoginTime: the login before this one
	LastIP    []byte // s39: where that came from
	Notice    []byte // s100
}

// Decode reads the data of a field.
func (f *LoginResponse) Decode(data []byte) error {
	r, err := readItems(FIDLoginResponse, data, loginResponseLen)
	if err != nil {
		return err
	}
	f.BrokerID = r.text("BrokerID", 10)
	f.UserID = r.text("UserID", 18)
	f.UserType = r.char()
	f.TradingDay = r.text("TradingDay", 8)
	f.LoginTime = r.text("LoginTime", 19)
	f.PublicIP = r.text("PublicIP", 39)
	f.PublicPort = r.number("PublicPort", 5)
	f.AbnormalFlag = r.char()
	f.FrontID = r.int32()
	f.SessionID = r.int32()
	f.RecordID = r.text("RecordID", 36)
	f.SystemName = r.text("SystemName", 40)
	f.LastLogin, f.LastIP, f.Notice = nil, nil, nil
	if len(r.data) >= lastLoginLen {
		f.LastLogin = r.text("LastLogin", 19)
		f.LastIP = r.text("LastIP", 39)
		f.Notice = r.text("Notice", 100)
	}
	return r.err
}

// LoginResponse appends the field.
func (e *Encoder) LoginResponse(f *LoginResponse) {
	if !e.begin(FIDLoginResponse, loginResponseLen+lastLoginLen) {
		return
	}
	e.text("BrokerID", 10, f.BrokerID)
	e.text("UserID", 18, f.UserID)
	e.char(f.UserType)
	e.text("TradingDay", 8, f.TradingDay)
	e.text("LoginTime", 19, f.LoginTime)
	e.text("PublicIP", 39, f.PublicIP)
	e.number("PublicPort", 5, f.PublicPort)
	e.char(f.AbnormalFlag)
	e.int32(f.FrontID)
	e.int32(f.SessionID)
	e.text("RecordID", 36, f.RecordID)
	e.text("SystemName", 40, f.SystemName)
	e.text("LastLogin", 19, f.LastLogin)
	e.text("LastIP", 39, f.LastIP)
	e.text("Notice", 100, f.Notice)
}

// LogoutRequest is who wants to log out. Items alias the input of Decode.
type LogoutRequest struct {
	BrokerID []byte // s10
	UserID   []byte // s18
}

// Decode reads the data of a field.
func (f *LogoutRequest) Decode(data []byte) error {
	r, err := readItems(FIDLogoutRequest, data, logoutRequestLen)
	if err != nil {
		return err
	}
	f.BrokerID = r.text("BrokerID", 10)
	f.UserID = r.text("UserID", 18)
	return r.err
}

// LogoutRequest appends the field.
func (e *Encoder) LogoutRequest(f *LogoutRequest) {
	if !e.begin(FIDLogoutRequest, logoutRequestLen) {
		return
	}
	e.text("BrokerID", 10, f.BrokerID)
	e.text("UserID", 18, f.UserID)
}
