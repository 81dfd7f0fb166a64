package chinese

// agent is what relay agents say of themselves and of their AppIDs' file, and what sorting in temporary files says.
var agent = map[string]string{
	"the operator is not logged in at any front, terminals are answered 8: %v":       "操作员没有登录任何前置，终端得到应答 8：%v",
	"logged in at %s, %d terminals live":                                             "已登录 %s，在线终端 %d 个",
	"%d terminals have a connection to a front":                                      "%d 个终端有到前置的连接",
	"the connection to the front is lost: terminals stay for upstream.grace":         "与前置的连接丢失：终端在 upstream.grace 之内保留",
	"a front cannot be reached, another attempt follows":                             "前置不可达，将再次尝试",
	"the front says that upstream.app_id has type %q, want an investor relay's, '2'": "前置称 upstream.app_id 的类型为 %q，应为多对多中继的 '2'",
	"a relay agent has no key of the monitoring centre":                              "中继程序没有监控中心的密钥",
	"receipt of %s: %w": "%s 的回执：%w",

	"%s is no relay":     "%s 不是中继",
	"relay registry: %w": "中继的 AppID 文件：%w",
	"relay registry: the file is none of this version; export it again":                                "中继的 AppID 文件：不是本版本的文件；请重新导出",
	"relay registry: the file is damaged; export it again":                                             "中继的 AppID 文件：已损坏；请重新导出",
	"relay registry: %w; export it again with --master-key of this relay":                              "中继的 AppID 文件：%w；请用本中继的 --master-key 重新导出",
	"relay registry: the file was exported for relay %s, and the one in force for %s; export it again": "中继的 AppID 文件：是为中继 %s 导出的，而使用中的是为 %s 导出的；请重新导出",
	"relay registry: the file was made at %s, before the one that is in force (%s); export it again":   "中继的 AppID 文件：导出于 %s，早于使用中的（%s）；请重新导出",
	"relay registry: not read yet":                                                                     "中继的 AppID 文件：尚未读取",

	"folder for temporary files: %w":         "临时文件夹：%w",
	"%s is not a folder":                     "%s 不是文件夹",
	"sorting: the temporary file is damaged": "排序：临时文件损坏",
	"sorting: temporary file: %w":            "排序：临时文件：%w",
	"%w: a record's length before byte %d":   "%w：字节 %d 之前的记录长度",
	"%w: it ends at byte %d of %d":           "%w：在字节 %d 处结束，应有 %d 字节",
	"%w: at byte %d":                         "%w：字节 %d 处",
	"%w: a block's length at byte %d":        "%w：字节 %d 处的块长度",
	"%w: checksum of the block at byte %d":   "%w：字节 %d 处块的校验和",
	"%w: %d records are missing":             "%w：缺少 %d 条记录",
	"%w: %d bytes, at most %d":               "%w：%d 字节，最多 %d 字节",
	"extsort: record too long":               "排序：记录过长",
	"extsort: used after Sort or Close":      "排序：在 Sort 或 Close 之后使用",
	"sorting: no room for the temporary file after %d MiB; free some, or name another folder: %w": "排序：写了 %d MiB 后临时文件没有空间；请腾出空间，或指定别的文件夹：%w",

	"the log's header is damaged, with %d commits in it":             "日志头部损坏，其中有 %d 次提交",
	"the log is damaged behind frame %d, with %d commits after that": "日志在第 %d 帧之后损坏，其后有 %d 次提交",
	"sqlitefile: no row":                  "数据库文件：没有这一行",
	"sqlitefile: the file cannot be read": "数据库文件：无法读取",

	"account %s has more than %d logins: name fewer archives at once": "账户 %s 的登录超过 %d 次：请减少一次给出的归档文件",
	"%s:%d: no entry (damaged lines of this file: %d)":                "%s:%d：不是审计记录（该文件损坏的行：%d 行）",
}
