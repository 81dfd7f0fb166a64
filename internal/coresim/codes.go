package coresim

import "github.com/tradefront/tradefront/internal/ftd"

// Codes that core-sim answers; the field's own numbers (docs/protocol.md, "Errors").
const (
	codeOK           = 0
	codeMismatch     = 2
	codeWrong        = 3
	codeAgain        = 5
	codeInitialising = 7
	codeInactive     = 8
	codeNoRight      = 9
	codeField        = 15
	codeSessions     = 60
	codeLocked       = 75
	codeUnknown      = 77
	codeBusy         = 90
	codeWeak         = 131
	codeFirst        = 140
	codeExpired      = 141
	codeSame         = 142
	codeMobile       = 6014
	codeSecond       = 6017
	codeNeeded       = 6020
)

var texts = map[int][]byte{
	codeOK:           []byte("正确"),
	codeMismatch:     []byte("会话信息不一致 another broker or user"),
	codeWrong:        []byte("不合法的登录 wrong account or password"),
	codeAgain:        []byte("重复的登录 logged in already"),
	codeInitialising: []byte("还没有初始化 core-sim is initialising"),
	codeInactive:     []byte("前置不活跃 core-sim is not active"),
	codeNoRight:      []byte("无此权限 the customer's terminal is not reported"),
	codeField:        []byte("报文错误字段 illegal field"),
	codeSessions:     []byte("用户在线会话超出上限 too many sessions"),
	codeLocked:       []byte("登录被禁止 the account is locked"),
	codeUnknown:      []byte("无此功能 no such function"),
	codeBusy:         []byte("请稍后重试 try again later"),
	codeWeak:         []byte("弱密码 choose another password"),
	codeFirst:        []byte("首次登录必须修改密码 change the password first"),
	codeExpired:      []byte("密码已过期 the password has expired"),
	codeSame:         []byte("新密码与旧密码相同 the new password is the old one"),
	codeMobile:       []byte("手机号不一致 not the reserved mobile number"),
	codeSecond:       []byte("验证码错误 the code does not match"),
	codeNeeded:       []byte("需要短信验证码 a code is needed"),
}

// failure is the field Error of an answer.
func (e *engine) failure(code int) *ftd.Error {
	return &ftd.Error{Code: code, Text: texts[code], TimeStamp: e.time()}
}
