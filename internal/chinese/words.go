package chinese

// words are those of closed sets that lists and pages show, by set and English word. A word that means the same in two sets is the
// same in Chinese.
var words = map[string]map[string]string{
	"account":       {"enabled": "启用", "disabled": "停用", "removed": "已注销"},
	"user":          {"customer": "客户", "operator": "操作员"},
	"app":           {"direct": "直连", "investor-relay": "多对多中继", "operator-relay": "一对多中继"},
	"relay":         {"investor": "多对多", "operator": "一对多"},
	"terminal_apps": {"listed": "须已准入", "audit": "不限，只统计"},
	"state":         {"starting": "启动中", "serving": "运行中", "draining": "停止中", "stopping": "停止中"},
	"front":         {"running": "运行中", "stopped": "已停止", "silent": "失去心跳", "other life": "旧副本", "retired": "已退役"},
	"session": {
		"connected": "已连接", "challenged": "已发挑战", "authenticated": "已认证", "logging_in": "登录中", "logged_in": "已登录",
		"password_only": "须改密码", "closed": "已关闭",
	},
	"severity":  {"required": "必需", "warning": "警告"},
	"key":       {"not yet": "未生效", "newest": "有效，最新", "valid": "有效", "expired": "已失效"},
	"ping":      {"connect": "连接", "authenticate": "认证", "login": "登录", "logout": "登出"},
	"masterkey": {"current": "当前", "new": "新", "old": "旧"},
	"flag": {
		"normal": "0 正常", "terminal_info_empty": "1 终端信息采集为空", "key_version_abnormal": "2 加密密钥版本异常", "terminal_data_abnormal": "3 终端信息数据异常",
	},
	"archive": {"detached": "已分离", "dropped": "已删表", "restored": "已恢复", "destroyed": "已销毁"},
	"side":    {"front": "前置", "relay": "中继"},
	"export":  {"full": "全量", "partial": "部分", "supplement": "补充"},
	// What an action changed, and words that are a whole value of it.
	"change": {
		"account": "账户", "added": "添加", "allowed_apps": "允许的 AppID", "app": "AppID", "archive": "归档", "authcode": "授权码", "authcodes": "授权码", "ban": "封禁",
		"bound_accounts": "限定账户", "bound_networks": "限定网段", "burst": "突发", "chained": "转接", "client_certs": "证书", "confined_accounts": "专用账户",
		"config_hash": "配置散列值", "confirmed": "确认", "connections": "连接", "copied": "复制", "despite": "放行", "handed_in": "报送", "logins": "登录", "loss": "损失",
		"master_key": "主密钥", "merged": "合并", "migration": "升级表结构", "moved": "移动", "networks": "网段", "operators": "操作员", "outcome": "结果", "password": "密码",
		"previous_until": "旧授权码有效至", "rate": "速率", "receipt": "回执", "record": "记录", "recovered": "恢复", "relay": "中继", "released": "释放", "removed": "删除",
		"replaced": "替换", "report": "报送文件", "retired": "退役", "scope": "范围", "sealed_authcodes": "重新加密的授权码", "session": "会话", "sessions": "会话", "signal": "信号",
		"state": "状态", "terminal": "终端", "terminal_apps": "终端 AppID", "unlocked": "解锁", "verdict": "结论", "waived": "放行", "window_size": "窗口",
	},
	"changed": {
		"enabled": "启用", "disabled": "停用", "removed": "已注销", "customer": "客户", "operator": "操作员", "direct": "直连", "investor-relay": "多对多中继",
		"operator-relay": "一对多中继", "begun": "已开始", "done": "完成", "ended": "已结束", "none": "无", "made": "已建立", "accepted": "已接受", "discarded": "已丢弃",
		"in quarantine": "在隔离区", "ended by its relay": "由其中继结束", "nothing came since the last one": "上次之后没有新内容", "true": "是", "false": "否",
		"detached": "已分离", "dropped": "已删表", "restored": "已恢复", "destroyed": "已销毁", "listed": "须已准入", "audit": "不限，只统计",
	},
}

// Word is a word of a closed set in Chinese; one that the set lacks stays as it is.
func Word(set, english string) string {
	if chinese, has := words[set][english]; has {
		return chinese
	}
	return english
}
