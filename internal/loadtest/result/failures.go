package result

import (
	"strings"

	"github.com/tradefront/tradefront/internal/chinese"
)

// What a visit or a session ended by, as Failed and Again have it in their keys: one of these, and what belongs to it behind ": ".
const (
	NotConnected         = "connect"
	NoAnswer             = "no answer"
	NoHeartbeat          = "no heartbeat"
	Closed               = "closed"
	NotWritten           = "write"
	NotRead              = "the front does not read"
	NotEncoded           = "encode"
	NotEncodedOrder      = "encode an order"
	NotEncodedSubmission = "encode a submission"
	NotOurProtocol       = "protocol"
	ByCode               = "refused by code" // and the code
	GotCode              = "got code"        // behind an attacker's kind, with the code
	ForceExit            = "force exit"      // and the code
	AttackerLetIn        = "an attacker was let in"
	TerminalEnded        = "one terminal of a relay was ended"
	NoRelayTerms         = "an operator's login was answered without RelayTerms"
	NoString             = "no terminal string" // could be made for a visit that came again
)

// Interrupted is EndedEarly of a run that its operator ended.
const Interrupted = "interrupted"

// FirstThatDidNot is in EndedEarly of a run whose sessions were not there at the beginning, before why the first of them failed.
const FirstThatDidNot = "; the first that did not: "

// failures have the parts of why visits and sessions ended, and the kinds of attackers, in each language.
var failures = map[string]map[string]string{
	"en": {
		NoAnswer: "no answer", NoHeartbeat: "no heartbeat", Closed: "closed by the front", NotWritten: "cannot send", NotOurProtocol: "not the protocol",
		GotCode: "got code", ByCode: "refused by code", ForceExit: "ended by the front, code", AttackerLetIn: "an attacker was logged in",
		NoString: "no terminal string could be encrypted",

		"challenge": "at the challenge", "authentication": "at authentication", "login": "at login", "session": "while logged in", "logout": "at logout",
		"attack": "at an attack",

		"wrong_authcode": "wrong authcode", "wrong_password": "wrong password", "not_our_protocol": "bytes of another protocol", "silent": "silent connection",
		"malformed": "malformed message", "slow": "one byte a second", "shut_out": "shut out for what came from the address before",
	},
	"zh": { //nolint:gosec // G101: words of steps, no credentials
		NotConnected: "建立连接", NoAnswer: "无应答", NoHeartbeat: "无心跳", Closed: "被前置断开", NotWritten: "无法发送", NotRead: "前置不读取数据",
		NotEncoded: "编码", NotEncodedOrder: "编码业务报文", NotEncodedSubmission: "编码上报", NotOurProtocol: "不符合协议", ByCode: "被拒绝，错误码",
		GotCode: "收到错误码", ForceExit: "被前置强制退出，代码", AttackerLetIn: "攻击者登录成功", TerminalEnded: "中继的一个终端被前置结束",
		NoRelayTerms: "操作员登录的应答没有 RelayTerms", NoString: "无法加密终端信息", Interrupted: "操作员中断",

		"challenge": "请求挑战时", "authentication": "终端认证时", "login": "用户登录时", "session": "已登录期间", "logout": "登出时", "attack": "攻击时",

		"wrong_authcode": "错误授权码", "wrong_password": "错误密码", "not_our_protocol": "其他协议的数据", "silent": "只连接不发送",
		"malformed": "格式错误的报文", "slow": "每秒一个字节", "shut_out": "因该地址此前的行为被拒之门外",
	},
}

// FailureText is a key of Failed, Again or Hostile in that language, one of Languages. What is not known stays as it is.
func FailureText(why, language string) string {
	parts := strings.Split(why, ": ")
	for i, part := range parts {
		parts[i] = failurePart(part, language)
	}
	return strings.Join(parts, colon(language))
}

func colon(language string) string {
	if language == "zh" {
		return "："
	}
	return ": "
}

// failurePart is one part, which may end with a number.
func failurePart(part, language string) string {
	if known, has := failures[language][part]; has {
		return known
	}
	if kind, code, has := strings.Cut(part, " "+GotCode+" "); has {
		return failurePart(kind, language) + colon(language) + failures[language][GotCode] + " " + code
	}
	if at := strings.LastIndexByte(part, ' '); at > 0 {
		if known, has := failures[language][part[:at]]; has {
			return known + part[at:]
		}
	}
	return sentence(part, language) // an error of the system
}

// sentence is an English one in that language, as far as it is known.
func sentence(english, language string) string {
	if language == "zh" {
		return chinese.Of(english)
	}
	return english
}

// EarlyText is EndedEarly in that language.
func (r *Result) EarlyText(language string) string {
	if known, has := failures[language][r.EndedEarly]; has {
		return known
	}
	if before, why, has := strings.Cut(r.EndedEarly, FirstThatDidNot); has {
		return sentence(before+FirstThatDidNot+FailureText(why, language), language)
	}
	return sentence(r.EndedEarly, language)
}

// UnprovenText is Unproven in that language.
func (r *Result) UnprovenText(language string) string { return sentence(r.Unproven, language) }
