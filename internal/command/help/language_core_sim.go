package help

import (
	"strings"

	"github.com/tradefront/tradefront/internal/coresim"
)

// CoreSim has what each command of core-sim does, by the English.
var CoreSim = map[string]string{
	"print what this core-sim saw, as JSON":                                        "以 JSON 显示本 core-sim 所见",
	"print the sessions that it has now, as JSON":                                  "以 JSON 显示现有的会话",
	"print the RecordIDs with which this instance's sessions were opened, as JSON": "以 JSON 显示本实例各会话建立时的 RecordID",
	"print the commands": "显示各命令",
	"end at once, with nothing said and nothing printed":                                                      "立即结束，不通知、不显示任何内容",
	"become another instance that knows no session; every link ends":                                          "成为不认识任何会话的新实例；所有链路断开",
	"read and write nothing for the duration D":                                                               "在 D 时间内既不读也不写",
	"leave verifies and business without an answer for the duration D; heartbeats go on":                      "在 D 时间内不应答验证和业务；心跳照常",
	"answer each verify by the duration D later; 0s ends it, for those that wait too":                         "每次验证推迟 D 时间应答；0s 结束推迟，正在等待的也立即应答",
	"take all credit away and give no more":                                                                   "收回全部额度，不再给予",
	"give each front N frames more; auto goes back to what --credit says":                                     "再给每台前置 N 帧；auto 恢复为 --credit 所定",
	"the next N answers (1) are wrong: unknown-session, twice, malformed, oversize; unasked: N to no request": "接下来的 N 个应答（1 个）有误：unknown-session、twice、malformed、oversize；unasked：N 个没有对应请求",
	"refuse each SessionResume":                                                                               "拒绝每个 SessionResume",
	"take the next term, or N":                                                                                "进入下一任期，或任期 N",
	"become active":                                                                                           "成为主用",
	"become standby; sessions end":                                                                            "成为备用；会话结束",
	"become initialising; sessions end":                                                                       "成为初始化中；会话结束",
	"say that it is another trading day":                                                                      "声明换了交易日",
	"end the user's sessions":                                                                                 "结束该用户的会话",
	"send a market status to every session, or to those that asked for its series":                            "向每个会话，或请求了该序列类别的会话发送市场状态",
}

// coreSimCommands lists them in Chinese.
func coreSimCommands() string {
	return strings.Join(coresim.HelpIn(func(english string) string {
		if chinese, has := CoreSim[english]; has {
			return chinese
		}
		return english
	}), "\n  ")
}
