package regulation

// AbnormalFlag is 异常标识 (4.2.3 c): what went wrong while terminal information was
// collected. It is the ASCII digit in the supplement string.
type AbnormalFlag byte

// The four codes of 4.2.3 c.
const (
	FlagNormal        AbnormalFlag = '0' // 正常
	FlagTerminalEmpty AbnormalFlag = '1' // 终端信息采集为空
	FlagKeyVersion    AbnormalFlag = '2' // 终端采集数据加密密钥版本异常
	FlagTerminalData  AbnormalFlag = '3' // 终端信息数据异常
)

// Valid reports whether f is one of the four codes.
func (f AbnormalFlag) Valid() bool { return f >= FlagNormal && f <= FlagTerminalData }

func (f AbnormalFlag) String() string { return string(rune(f)) }

// Word names the flag for people and for metric labels.
func (f AbnormalFlag) Word() string {
	switch f {
	case FlagNormal:
		return "normal"
	case FlagTerminalEmpty:
		return "terminal_info_empty"
	case FlagKeyVersion:
		return "key_version_abnormal"
	case FlagTerminalData:
		return "terminal_data_abnormal"
	}
	return "invalid"
}

// UserType is 用户类型 (4.2.3 b), the ASCII digit of the supplement string.
type UserType byte

// The two codes of 4.2.3 b.
const (
	UserCustomer UserType = '1' // 客户
	UserOperator UserType = '2' // 操作员
)

// Valid reports whether u is one of the two codes.
func (u UserType) Valid() bool { return u == UserCustomer || u == UserOperator }

func (u UserType) String() string { return string(rune(u)) }

// Word names the user type for people.
func (u UserType) Word() string {
	switch u {
	case UserCustomer:
		return "customer"
	case UserOperator:
		return "operator"
	}
	return "invalid"
}

// TerminalType is 终端类型 (4.2.3 a), the first item of a terminal string.
type TerminalType byte

// The seven codes of 4.2.3 a.
const (
	TerminalWindows TerminalType = '1'
	TerminalLinux   TerminalType = '2'
	TerminalMacOS   TerminalType = '3'
	TerminalIOS     TerminalType = '4'
	TerminalAndroid TerminalType = '5'
	TerminalOffline TerminalType = '6' // 线下委托
	TerminalWeChat  TerminalType = '7' // 微信
)

var terminalWords = [...]string{"Windows", "Linux", "Mac OS", "iOS", "Android", "offline", "WeChat"}

// Valid reports whether t is one of the seven codes.
func (t TerminalType) Valid() bool { return t >= TerminalWindows && t <= TerminalWeChat }

func (t TerminalType) String() string {
	if !t.Valid() {
		return "invalid"
	}
	return terminalWords[t-TerminalWindows]
}
