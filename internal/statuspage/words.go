package statuspage

import (
	"github.com/tradefront/tradefront/internal/chinese"
	"github.com/tradefront/tradefront/internal/show"
)

// words are the words of closed sets that the page shows, by set and word.
var words = map[string]map[string]phrase{
	"state": {
		Starting: shared("state", Starting, "starting"), Serving: shared("state", Serving, "serving"), Stopping: shared("state", Stopping, "stopping"),
		notReady: {"not ready", "未就绪"},
	},
	"front": {
		"running": shared("front", "running", "running"), "stopped": shared("front", "stopped", "stopped"),
		"silent": shared("front", "silent", "silent"), "other life": shared("front", "other life", "older copy"),
		"retired": shared("front", "retired", "retired"),
	},
	"report": {
		"not_due": {"none due", "无需报送"}, "not_exported": {"not exported", "未导出"}, "exported": {"exported, not handed in", "已导出，未报送"},
		"handed_in": {"handed in", "已报送"},
	},
	"flag": {
		"normal": {"0 normal", "0 正常"}, "terminal_info_empty": {"1 no terminal information", "1 终端信息为空"},
		"key_version_abnormal": {"2 key version", "2 密钥版本异常"}, "terminal_data_abnormal": {"3 terminal data", "3 终端数据异常"},
	},
	"endpoint": {
		"down": {"down", "断开"}, "dialling": {"dialling", "正在连接"}, "greeting": {"greeting", "正在登录核心"},
		"initialising": {"initialising", "初始化"}, "standby": {"standby", "备用"}, "active": {"active", "主用"}, "fenced": {"fenced", "已隔离"},
	},
	"obstacle": {
		"front_holds": {"a front holds records", "前置仍有记录"}, "front_quarantines": {"records in quarantine", "有隔离的记录"},
		"front_set_aside": {"corrupt local store", "本地库损坏"}, "front_silent": {"a front is silent", "前置失去心跳"},
		"front_other_life": {"older copy of a local store", "本地库是旧副本"}, "front_unreadable": {"what a front holds is unreadable", "前置上报的内容无法读取"},
		"front_unknown": {"a front never reported", "前置从未有心跳"},
		"front_clock":   {"a front's clock", "前置时钟不准"}, "no_trading_day": {"no trading day", "非交易日"}, "rows_missing": {"records are missing", "记录缺失"},
		"outside_window": {"records of another day", "记录不属于该日"}, "records_gone": {"reported records are gone", "已报送的记录不在库中"},
		"fewer_records": {"fewer records than before", "记录比原报告少"}, "report_handed_in": {"the report was handed in", "报告已报送"},
	},
	"check": {
		"front": {"front", "前置"}, "keys": {"encryption keys", "加密密钥"}, "key_life": {"life of the keys", "密钥有效期"},
		"configuration": {"configuration", "配置"}, "terminal_memory": {"memory of terminal information", "终端密文记忆"},
		"client_addresses": {"customers' addresses", "客户地址"}, "reports": {"late records", "迟到的记录"}, "report_obstacles": {"reports are kept back", "报送障碍"},
		"audit_log": {"audit log", "审计日志"}, "log": {"application log", "应用日志"}, "local_store": {"local store", "本地库"},
		"local_store_full": {"local store is full", "本地库已满"}, "local_store_bounds": {"bounds of the local store", "本地库容量"},
		"local_store_set_aside": {"corrupt local stores", "损坏的本地库"}, "registry": {"AppIDs", "AppID"}, "authcodes": {"authcodes", "授权码"},
		"accounts": {"accounts", "账户"}, "relays": {"relays", "中继"}, "relay_guessing": {"wrong passwords through a relay", "经中继猜测密码"},
		"core": {"trading core", "交易核心"}, "core_link": {"link to the core", "核心链路"}, "certificates": {"certificates", "证书"},
		"calendar": {"calendar", "交易日历"}, "directory": {"AppIDs and accounts of PostgreSQL", "PostgreSQL 中的 AppID 与账户"}, "front_id": {"front.id", "前置编号"},
		"self_report": {"right to report itself", "上报自身的权限"}, "store_life": {"older copy of the local store", "本地库旧副本"}, "clock": {"clock", "时钟"},
		"presence": {"heartbeat to PostgreSQL", "向 PostgreSQL 的心跳"}, "quarantine": {"quarantine", "隔离区"},
		"postgres_days":   {"days that PostgreSQL does not take", "PostgreSQL 不收的交易日"},
		"postgres_extras": {"foreign objects in PostgreSQL", "PostgreSQL 中的外来对象"}, "postgres": {"PostgreSQL", "PostgreSQL"},
		"user_sessions": {"sessions over all fronts", "全部前置合计的会话"},
	},
	"reason": reasons,
}

// shared is a word that lists show too, in their Chinese.
func shared(set, word, english string) phrase { return phrase{english, chinese.Word(set, word)} }

// Word is a word of a closed set in a language; a word that the set lacks is shown as it is.
func Word(set, word string, language show.Language) string {
	if p, known := words[set][word]; known {
		return p.in(language)
	}
	return word
}

// Knows reports whether a set has the word in both languages.
func Knows(set, word string) bool {
	p := words[set][word]
	return p.en != "" && p.zh != ""
}

func (p phrase) in(language show.Language) string {
	if language == show.Chinese {
		return p.zh
	}
	return p.en
}
