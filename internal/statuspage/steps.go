package statuspage

// steps are what an operator does about a check that fails, where the check's own reason does not say it.
var steps = map[string]phrase{
	"audit_log":          {"make room on its disk, or mend it; the front tries again with each line", "清理其磁盘或修复；前置写每一行时都会再试"},
	"log":                {"make room on its disk, or mend it", "清理其磁盘或修复"},
	"local_store":        {"look at its disk: tradefront doctor", "检查其磁盘：tradefront doctor"},
	"local_store_full":   {"get PostgreSQL back, or make room on the disk", "恢复 PostgreSQL，或清理磁盘"},
	"local_store_bounds": {"get PostgreSQL back, or make room on the disk, before logins are refused", "在登录被拒绝之前恢复 PostgreSQL，或清理磁盘"},
	"accounts":           {"tradefront account add", "tradefront account add"},
	"core":               {"start a core, or mend the network to it", "启动交易核心，或修复到它的网络"},
	"core_link":          {"where an endpoint is down: start its core, or mend the network to it", "端点断开的：启动其交易核心，或修复到它的网络"},
	"certificates":       {"put another one in its place", "换上新证书"},
	"directory":          {"get PostgreSQL back; until then changes of AppIDs and accounts do not reach this front", "恢复 PostgreSQL；在此之前，AppID 与账户的改动不会到达本前置"},
	"user_sessions": {
		"get PostgreSQL back, or run roles.sql again if a right is missing; until then an account may have core.sessions_per_user at each front",
		"恢复 PostgreSQL，缺权限时重新运行 roles.sql；在此之前账户在每个前置上都可有 core.sessions_per_user 个会话",
	},
	"presence": {"get PostgreSQL back; until then no report is exported", "恢复 PostgreSQL；在此之前不能导出报送文件"},
	"postgres": {"get PostgreSQL back; the records wait in the local store until then", "恢复 PostgreSQL；在此之前记录留在本地库"},
}

// laterChecks tell of what comes, or of what can wait: those that hurt now are shown before them.
var laterChecks = map[string]bool{
	"key_life": true, "certificates": true, "calendar": true, "configuration": true, "terminal_memory": true, "client_addresses": true,
	"postgres_extras": true, "accounts": true, "relays": true,
}

func urgency(check string) int {
	if laterChecks[check] {
		return 1
	}
	return 0
}
