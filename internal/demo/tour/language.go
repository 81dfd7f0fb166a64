package tour

import (
	"github.com/tradefront/tradefront/internal/show"
)

// in is a text of the tour in the reader's language; what the catalog lacks stays as it is.
func (t *Tour) in(english string) string {
	if chinese, has := inChinese[english]; has && t.Language == show.Chinese {
		return chinese
	}
	return english
}

// inChinese has the formats of sentences and headings, the headers of tables and their words, by the English. A format
// takes the same arguments in the same order.
var inChinese = map[string]string{
	"The front is up, and behind it core-sim, which is no trading core": "前置已启动，其后是仿真核心 core-sim（不是交易核心）",
	"everything lies in %s, and goes when this ends":                    "所有文件都在 %s，演示结束时一并删除",

	"This machine logs in with what the collection library (client/collect) finds of it":                    "用采集库（client/collect）采到的本机信息登录",
	"the same, masked: %s collect check":                                                                    "打掩码后的同样内容：%s collect check",
	"This machine: its line of the report, opened with the test private key, beside what the library found": "本机：用测试私钥解开的报送行，与采集库采到的并列",
	"the login was reported without a terminal string: the library found nothing but the time":              "该次登录报送时没有终端信息：采集库除时间外什么也没有采到",
	"ITEM\tSTATE\tFOUND\tREPORTED\tSOURCE":                                                                  "信息项\t状态\t采到\t报送\t来源",

	"Two customers trade through the front": "两个客户经前置交易",
	"core-sim verifies a password, the front records the login, then the terminal gets its answer. Orders pass through the front": "core-sim 校验密码，前置记录登录，然后终端得到应答。委托经前置双向",
	"unchanged, in both directions. Series 0 is the dialog; the fills of an account come in a series of its own.":                 "原样转发。序列类别 0 是对话；每个账户的成交回报另有自己的序列类别。",
	"TERMINAL\t\tTID\tMESSAGE\tSERIES\tNUMBER\tFIELDS":                                                                            "终端\t\tTID\t报文\t类别\t序号\t字段",
	"from another terminal; ResumePoints: series %d, all after number %d":                                                         "换一台终端；ResumePoints：类别 %d，序号 %d 之后的全部",
	"seller": "卖方",
	"buyer":  "买方",
	"gets":   "收到",
	"sends":  "发送",

	"%d visits of terminals, %d at once: by themselves, and through two relays (中继)": "终端登录 %d 次，同时 %d 个：直连，以及经两个中继",
	"visits":                               "终端登录",
	"The report for the monitoring centre": "报送监控中心的文件",
	"%s: %d lines, %s":                     "%s：%d 行，%s",

	"A line of the report for each way to the front, opened with the test private key":                                                            "每种接入方式取一行，用测试私钥解开",
	"A supplement is 11 items between @ signs:":                                                                                                   "补充获取信息是以 @ 分隔的 11 项：",
	"  abnormal flag@AppID@public IP@port@login time@relay's AppID@relay's IP@its port@its login time@account@user type (1 customer, 2 operator)": "  用户类型：1 客户，2 操作员",
	"\"it was\" is what the terminal and the relay know of themselves. Addresses behind relays are synthetic.":                                    "“实际”是终端和中继自己所知的情况。中继之后的地址是虚构的。",
	"line        %s…": "报送行    %s…",
	"supplement  %s":  "补充获取信息  %s",
	"terminal    %s":  "终端信息  %s",
	"  it was    %s":  "  实际    %s",

	"By the way to the front: lines that are exactly what the terminal was, items 1 to 11": "按接入方式：第 1 至 11 项与终端实际情况完全相符的行数",
	"LINES\tWAY":                        "行数\t接入方式",
	"all":                               "合计",
	"Visits by the front's last answer": "按前置的最后应答统计",
	"with the two customers' three logins, this machine's and the operator relay's own": "含上面两个客户的三次登录、本机的登录和一对多中继自身的登录",
	"CODE\tVISITS\tLOGGED IN\tMEANING":                                                  "错误码\t次数\t登录成功\t含义",
	"By abnormal flag (异常标识) of the reported lines":                                     "按报送行的异常标识",
	"FLAG\tLINES\tMEANING":                                                              "标识\t行数\t含义",
	"normal":                                                                            "正常",
	"terminal info empty":                                                               "终端信息为空",
	"key version abnormal":                                                              "密钥版本异常",
	"terminal data abnormal":                                                            "终端信息异常",
	"closed without an answer: not our protocol":                                        "不应答即关闭：不是本协议",
	"正确 success":                                                                        "正确",
	"不合法的登录 wrong account or password":                                                  "不合法的登录",
	"重复的登录 a second login in one session":                                               "重复的登录",
	"报文错误字段 illegal field":                                                              "报文错误字段",
	"客户端认证失败 authentication failed":                                                     "客户端认证失败",
	"客户端未认证 not authenticated":                                                          "客户端未认证",
	"How long it took, with %d terminals at once, terminals, front and core-sim on this one machine": "用时：同时 %d 个终端；终端、前置、core-sim 都在本机",
	"FROM REQUEST TO ANSWER\tHOW MANY\tP50\tP90\tP99\tMAX":                                           "从请求到应答\t次数\tP50\tP90\tP99\t最长",
	"login (the record is on disk by then)":                                                          "登录（应答时记录已落盘）",
	"order to core-sim and back":                                                                     "委托到 core-sim 并返回",
	"%d visits in %v, %.0f a second; %d fills seen before the logout":                                "登录 %d 次，共 %v，每秒 %.0f 次；登出之前收到成交回报 %d 笔",

	"Answered = stored = reported?": "应答 = 入库 = 报送？",
	"%d logins answered, %d lines reported, %d of them exactly what the terminal was, %d answered but not reported":                       "已应答登录 %d 次，已报送 %d 行，其中与终端实际情况完全相符 %d 行，已应答而未报送 %d 次",
	"core-sim saw %d sessions opened, each with the RecordID of an answered login, and %d terminals that the operator relay reported: %d": "core-sim 收到会话开通 %d 次，每次都带有已应答登录的 RecordID；另有一对多中继上报的终端 %d 个：合计 %d",
	"core-sim saw %d orders, %d trades, and %d breaches of the link's contract":                                                           "core-sim 收到委托 %d 笔，撮合成交 %d 笔，前置违反链路约定 %d 次",
	"FAULT: %s": "错误：%s",

	"直连 direct: the terminal connects to the front by itself, so the report has nothing of a relay":                                         "直连：终端自己连接前置，报送行中没有中继的内容",
	"多对多中继 many-to-many relay: the relay opens a connection for each customer, and the customer logs in there with a password of their own": "多对多中继：中继为每个客户开一条连接，客户在其中用自己的密码登录",
	"一对多中继 operator relay: an operator logs in once, and the relay reports each of its customers' terminals on that connection":             "一对多中继：操作员登录一次，中继在该连接上逐个上报其客户的终端",
	"本机 this machine, as the collection library finds it: direct, and not synthetic":                                                        "本机：采集库所见，直连，不是虚构的",
	"中继自身 the operator's own login, from the operator relay's machine":                                                                      "中继自身：操作员自己的登录，来自一对多中继的机器",

	"status page, for a browser: %s":                   "状态页（用浏览器打开）：%s",
	"log in as a terminal does":                        "像终端一样登录",
	"the last refusals, with their true reasons":       "最近被拒绝的登录，附真实原因",
	"the admitted terminal software":                   "已准入的终端软件",
	"the health of the front and of all that it needs": "前置及其依赖的体检",
	"Try it by hand; Ctrl-C ends it":                   "自己试一试；Ctrl-C 结束",
	"address %s   broker %s   key version %s":          "地址 %s   BrokerID %s   密钥版本 %s",
	"AppID %s   authcode %s":                           "AppID %s   授权码 %s",
	"account %s   password %s":                         "资金账户 %s   密码 %s",
}
