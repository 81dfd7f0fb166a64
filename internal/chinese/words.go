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
	"masterkey": {"current": "当前", "new": "新", "old": "旧"},
	"flag": {
		"normal": "0 正常", "terminal_info_empty": "1 终端信息采集为空", "key_version_abnormal": "2 加密密钥版本异常", "terminal_data_abnormal": "3 终端信息数据异常",
	},
	"archive": {"detached": "已分离", "dropped": "已删表", "restored": "已恢复", "destroyed": "已销毁"},
	"side":    {"front": "前置", "relay": "中继"},
	"export":  {"full": "全量", "partial": "部分", "supplement": "补充"},
}

// Word is a word of a closed set in Chinese; one that the set lacks stays as it is.
func Word(set, english string) string {
	if chinese, has := words[set][english]; has {
		return chinese
	}
	return english
}
