package command

// workInChinese has what lines of progress say by its English format, with the same values in the same order. TestProgressTexts holds that it
// has each that is given to Doing.
var workInChinese = map[string]string{
	"checking": "正在检查", "gathering": "正在收集", "hashing": "正在计算散列", "reading": "正在读取", "reassigning": "正在改归交易日", "verifying": "正在核验", "writing": "正在写入",
	"archiving %s":             "正在归档 %s",
	"copying and checking %s":  "正在复制并检查 %s",
	"destroying %s":            "正在销毁 %s",
	"dropping %s":              "正在删除 %s 的已分离表",
	"exporting %s":             "正在导出 %s",
	"reading %s":               "正在读取 %s",
	"reading archives":         "正在读取归档文件",
	"reading audit logs":       "正在读取审计日志",
	"reading the answers":      "正在读取应答文件",
	"reading the report":       "正在读取报送文件",
	"reading the store":        "正在读取存储",
	"recovering %s":            "正在找回 %s 的记录",
	"restoring %s":             "正在恢复 %s",
	"verifying %s":             "正在核验 %s",
	"adding accounts":          "正在添加账户",
	"removing names":           "正在删除名称",
	"scenario %s":              "场景 %s",
	"sealing terminal strings": "正在加密终端信息",
	"%s":                       "%s", // of the demo
}

// unitsInChinese has what they count.
var unitsInChinese = map[string]string{
	"bytes": "字节", "files": "个文件", "records": "条记录", "rows": "行", "steps": "步", "strings": "条",
}
