package reason

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Ref is the reference at the end of an error's text. The audit log has it beside the true
// reason: six characters that a caller can read out on the phone.
type Ref [6]byte

// errorText is what people read for each code, Chinese first, then English, but for 0, whose bytes are the contract's. Each fits the
// 100 bytes of ErrorText together with the reference.
var errorText = map[int]string{
	0:   "正确",
	2:   "会话信息不一致 broker or user differs from this session",
	3:   "不合法的登录 wrong account or password, or terminal info refused",
	5:   "重复的登录 already logged in or logging in",
	6:   "还没有登录 not logged in yet",
	7:   "还没有初始化 front is starting, try again",
	8:   "前置不活跃 front not active, try another",
	9:   "无此权限 no privilege",
	15:  "报文错误字段 illegal character or length in a field",
	27:  "不支持的功能 not supported for this AppID",
	49:  "不合法的登录IP地址 no usable public address",
	60:  "用户在线会话超出上限 too many sessions of this user",
	63:  "客户端认证失败 authentication failed",
	64:  "客户端未认证 authenticate first",
	75:  "连续登录失败次数超限，登录被禁止 locked, too many failures",
	77:  "无此功能 no such function",
	90:  "请稍后重试 busy, nothing was recorded, try again",
	131: "弱密码 weak password, change it first",
	140: "首次登录必须修改密码 first login, change the password first",
	141: "密码已过期 password expired, change it first",
	143: "登录失败次数过多，IP被禁止登入 source address is locked",
}

// CoreChangedText is what ForceExit tells people whose session ends because the trading core went away or was restarted, in 97 bytes.
const CoreChangedText = "交易核心已切换，请重新登录 trading core changed, log in again"

// CodeText is what people read for a code, in both languages, without a reference; "" of a code that is none of ours.
func CodeText(code int) (chinese, english string) {
	chinese, english, _ = strings.Cut(errorText[code], " ") // the Chinese has no space
	return chinese, english
}

// ownText is what people read instead where the code's text would mislead.
var ownText = map[Reason]string{ //nolint:gosec // G101: texts, no credentials
	CoreUnanswered: "交易核心已切换，请查询结果 core was changed, query what became of it",
	PasswordFirst:  "请先修改密码 change the password first",
	CoreFull:       "请稍后重试 busy, nothing was passed on, try again",
	CoreNoCredit:   "请稍后重试 busy, nothing was passed on, try again",
	RequestRate:    "请求过于频繁 too many requests a second",
	CodeRate:       "验证码请求过于频繁 a code was sent not long ago",

	SubmitFault:       "请稍后重发 a fault of the front, submit the same again",
	RelayConnections:  "中继连接数超出上限 too many connections of this relay",
	RelayVisits:       "中继终端数超出上限 too many terminals on this connection",
	RelayWindow:       "请稍后重试 too many unanswered, nothing was recorded",
	RelayRate:         "请稍后重试 too many a second, nothing was recorded",
	RelayGuessing:     "请稍后重试 too many wrong passwords through this relay",
	SubmitIDTime:      "报文错误字段 the time in SubmitID is not the front's",
	TerminalTimeAhead: "报文错误字段 LoginTime is in the future",
	TerminalTimeOld:   "报文错误字段 LoginTime is too long ago",
	NoTerminalAddress: "不合法的登录IP地址 no usable address of the terminal",
}

// partText is what people read instead where the core has got the first parts of a long message, and does not get the rest.
var partText = map[Reason]string{ //nolint:gosec // G101: texts, no credentials
	CoreFull:     "报文未完整转发 busy, not all parts were passed on, send it again",
	CoreNoCredit: "报文未完整转发 busy, not all parts were passed on, send it again",
	RequestRate:  "请求过于频繁，报文未完整转发 too many a second, not all parts passed on",
}

// AppendPartText is AppendText of the refusal of a part behind the first.
func (r Reason) AppendPartText(dst []byte, ref Ref) []byte {
	text, has := partText[r]
	if !has {
		return r.AppendText(dst, ref)
	}
	return appendRef(append(dst, text...), ref)
}

// AppendText appends what ErrorText says of r, and on failure the reference, 100 bytes at
// most in all.
func (r Reason) AppendText(dst []byte, ref Ref) []byte {
	text, has := ownText[r]
	if !has {
		text = errorText[r.Code()]
	}
	dst = append(dst, text...)
	if r.Code() == 0 {
		return dst
	}
	return appendRef(dst, ref)
}

// maxText is how long ErrorText is, and refLen what AppendText puts behind it on failure, in bytes.
const (
	maxText = 100
	refLen  = len(" [ref XXXXXX]")
)

// AppendCoreText appends what a trading core says of the code that it refused with, and the reference, 100
// bytes at most in all: the core's text is cut between two characters. What ErrorText may not have becomes '?'.
// Without a text of the core's it is that of the code, if the code has one.
func AppendCoreText(dst []byte, code int, text string, ref Ref) []byte {
	if text == "" {
		text = errorText[code]
	}
	start := len(dst)
	for _, c := range text {
		if c < 0x20 || 0x7F <= c && c <= 0x9F || c == utf8.RuneError {
			c = '?'
		}
		if len(dst)-start+utf8.RuneLen(c)+refLen > maxText {
			break
		}
		dst = utf8.AppendRune(dst, c)
	}
	return appendRef(dst, ref)
}

func appendRef(dst []byte, ref Ref) []byte {
	dst = append(dst, " [ref "...)
	dst = append(dst, ref[:]...)
	return append(dst, ']')
}

// EndsSession reports whether an answer with that code ends the session (docs/protocol.md, "Errors"). Any
// refused Authenticate ends it too, and 3 does at the third time.
func EndsSession(code int) bool { return slices.Contains([]int{63, 49, 143}, code) }
