package collectcmd

import (
	"fmt"
	"strings"

	"github.com/tradefront/tradefront/client/collect"
	"github.com/tradefront/tradefront/internal/regulation"
)

// sendWords are the texts of send beside those of package collect.
type sendWords struct {
	recorded, record, answer, opened, header, same, differs string
	noKey                                                   string // why a front records flag 2
	other                                                   string // the front recorded another flag than was sent
	word                                                    func(regulation.AbnormalFlag) string
	named                                                   bool // items by the specification's names
}

var sendTexts = map[collect.Language]*sendWords{
	collect.English: {
		recorded: "\nThe front recorded:", record: "record",
		answer: "trading day\t%s\nlogin time\t%s\nseen address\t%s\nkey version\t%s\nsent\tflag %s, %d bytes of ciphertext\n" +
			"recorded\tflag %s%s\n",
		opened: "\nThe ciphertext, opened with the private test key, beside what was collected:",
		header: "ITEM\tCOLLECTED\tOPENED\t", same: "same", differs: "DIFFERS",
		noKey: ": the front has no valid key of version ",
		other: "the login is recorded with flag %s in place of %s: %s",
		word:  func(f regulation.AbnormalFlag) string { return strings.ReplaceAll(f.Word(), "_", " ") },
	},
	collect.Chinese: {
		recorded: "\n前置机的记录：", record: "记录编号",
		answer: "交易日\t%s\n登录时间\t%s\n前置机所见地址\t%s\n密钥版本\t%s\n上报\t异常标识 %s，密文 %d 字节\n记录\t异常标识 %s%s\n",
		opened: "\n用测试私钥解开密文，与采集结果逐项对照：",
		header: "采集项\t采集\t解密\t", same: "一致", differs: "不一致",
		noKey: "：前置机没有此版本的有效密钥 ",
		other: "登录已记录，但异常标识为 %s 而不是 %s：%s",
		word:  func(f regulation.AbnormalFlag) string { return flagsInChinese[f] }, named: true,
	},
}

// flagsInChinese are the specification's words for 异常标识.
var flagsInChinese = map[regulation.AbnormalFlag]string{
	regulation.FlagNormal: "正常", regulation.FlagTerminalEmpty: "终端信息采集为空",
	regulation.FlagKeyVersion: "终端采集数据加密密钥版本异常", regulation.FlagTerminalData: "终端信息数据异常",
}

func wordsIn(l collect.Language) *sendWords { return sendTexts[l] }

// judged is the error of a login that the front recorded with another flag than was sent.
func (s *sendWords) judged(rec *Recorded) string {
	return fmt.Sprintf(s.other, rec.Flag, rec.SentFlag, s.flag(rec))
}

// flag says why the front recorded another flag than was sent; "" if it did not.
func (s *sendWords) flag(rec *Recorded) string {
	if rec.Flag == rec.SentFlag {
		return ""
	}
	recorded := regulation.AbnormalFlag(rec.Flag[0])
	words := s.word(recorded)
	if recorded == regulation.FlagKeyVersion {
		words += s.noKey + rec.KeyVersion
	}
	return words
}
