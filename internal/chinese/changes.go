package chinese

// changes are the values of what actions changed, which are no word alone (see words).
var changes = map[string]string{
	"until %s": "至 %s", "direct, %s": "直连，%s", "investor-relay, %s": "多对多中继，%s", "operator-relay, %s": "一对多中继，%s",
	"%d rows": "%d 行", "%d records": "%d 条记录", "%d grants": "%d 项", "%d, to %s": "%d 次，写入 %s", "%d accounts, %d AppIDs": "账户 %d 个，AppID %d 个",
	"%s, %d records, sha256 %x": "%s，%d 条记录，sha256 %x", "%s, %d rows, sha256 %s": "%s，%d 行，sha256 %s", "%s (%s), %d rows, sha256 %s": "%s（%s），%d 行，sha256 %s",
	"%d rows, sha256 %s": "%d 行，sha256 %s", "kept as %s": "保存为 %s", "%s, %d rows": "%s，%d 行", "up to export %d": "截至第 %d 次导出", "trading days of records": "记录的交易日",
	"%s of account %s": "%s，账户 %s", "%d of account %s at front %d": "%d，账户 %s，前置 %d", "on host %s, it held %s": "在主机 %s 上，持有 %s", "%s to process %d": "%s，进程 %d",
	"of %d AppIDs into %s, sealed to master key %s": "%d 个 AppID 的授权码写入 %s，用主密钥 %s 加密",
}
