package command

import (
	"io"
	"strings"

	"github.com/tradefront/tradefront/internal/show"
)

// chineseOut is an output whose reader reads Chinese: what Table, Tell and their like write to it is Chinese.
type chineseOut struct{ io.Writer }

// ReadsChinese reports whether the reader of w reads Chinese.
func ReadsChinese(w io.Writer) bool {
	_, is := w.(chineseOut)
	return is
}

// ReadBy is w as an output that the user of this command reads.
func (e *Env) ReadBy(w io.Writer) io.Writer {
	if e.Lang == show.Chinese && !ReadsChinese(w) {
		return chineseOut{w}
	}
	return w
}

// HeaderFor is a table's header for those who read w, with the columns that the catalog has in Chinese.
func HeaderFor(w io.Writer, header string) string {
	if !ReadsChinese(w) {
		return header
	}
	columns := strings.Split(header, "\t")
	for i, name := range columns {
		if chinese, has := columnsInChinese[name]; has {
			columns[i] = chinese
		}
	}
	return strings.Join(columns, "\t")
}

var columnsInChinese = map[string]string{
	"ACCOUNT": "资金账户", "TYPE": "类型", "STATE": "状态", "CREATED": "建立时间", "LAST UNLOCKED": "上次解锁", "APPID": "AppID", "CIPHER": "算法",
	"ENABLED": "已准入", "BOUND": "限定", "CHANGED": "更改时间", "CURRENT USED": "现授权码使用", "PREVIOUS UNTIL": "旧授权码有效至", "PREVIOUS USED": "旧授权码使用",
	"NETWORKS": "网段", "OPERATORS": "操作员", "SCOPES": "范围", "TERMINAL APPS": "终端 AppID", "RATE": "速率", "BURST": "突发", "WINDOW": "窗口",
	"CONNECTIONS": "连接", "CHECK": "检查项", "OK": "正常", "SEVERITY": "级别", "REASON": "原因", "DAY": "交易日", "RECORDS": "库中记录", "REPORTED": "已导出",
	"LATE": "迟到", "MOVED AWAY": "已移走", "LAST EXPORT": "上次导出", "KIND": "种类", "NEXT": "下一步", "FINGERPRINT": "指纹", "ROLE": "用途",
	"AUTHCODES": "授权码数", "FRONT": "前置", "SESSION": "会话", "ADDRESS": "地址", "SINCE": "始于", "SENT": "已发", "RECEIVED": "已收", "TERMINALS": "终端",
	"HOST": "主机", "VERSION": "版本", "CONFIG": "配置", "STARTED": "启动时间", "LAST SEEN": "最近心跳", "CLOCK": "时钟差", "FORWARDED": "已转发", "HOLDS": "持有", "OPERATOR": "操作员",
	"SCOPE": "范围", "RECORD": "记录", "LOGIN": "登入时间", "WHY": "原因", "REFUSED SOURCE": "被拒来源", "FOR ANOTHER": "剩余时间", "SUBMISSION": "上报编号",
	"SOURCE": "来源", "UNAUTHENTICATED": "未认证", "EXEMPT": "豁免", "TIME": "时间", "BY": "操作人", "COMMAND": "命令", "SUBJECT": "对象", "OUTCOME": "结果", "CHANGES": "更改",
	"BANNED": "已封禁", "UNTIL": "期满", "PENALIZED": "因行为不当被拒", "FILE": "文件", "BYTES": "字节", "KEEP UNTIL": "保存至", "AUDIT LOGS UNTIL": "审计日志保存至",
	"ALGORITHM": "算法", "BITS": "位数", "NOT BEFORE": "生效时间", "NOT AFTER": "失效时间", "DAYS LEFT": "剩余天数", "SHA256": "SHA256",

	// Names before values, of `app show`, `relay show`, explain, reconcile and the like.
	"AppID": "AppID", "type": "类型", "created": "建立时间", "changed": "更改时间", "used": "最近使用", "previous": "旧授权码", "binding": "限定",
	"accounts": "账户", "networks": "网段", "confined": "专用账户", "relay": "中继", "terminals' AppIDs": "终端 AppID", "limits": "限额", "chained": "转接",
	"certificate": "证书", "operators": "操作员", "trading day": "交易日", "records": "记录", "records that PostgreSQL does not have yet": "尚未送到 PostgreSQL 的记录",
	"record": "记录", "login": "登入时间", "account": "资金账户", "vendor": "厂商编号", "key version": "密钥版本", "flag": "异常标识", "front, session": "前置、会话",
	"why": "原因", "time": "时间", "step": "步骤", "reason": "原因", "code": "错误码", "line": "出处", "set": "范围", "logins": "登录数", "from": "依据",
}
