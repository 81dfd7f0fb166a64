package result

import (
	"strings"
	"testing"
)

// TestProofInChinese: what was found of a login is in the language of the text around it. JSON has it in English.
func TestProofInChinese(t *testing.T) {
	t.Parallel()
	const id = "5f0c7a0e-0000-4000-8000-000000000001"
	for english, want := range map[string]string{
		"stored again under another RecordID; it was answered as " + id:                         "以另一个 RecordID 再次存储；应答时为 " + id,
		"answered again under another RecordID; it was answered as " + id:                       "以另一个 RecordID 再次应答；先前应答为 " + id,
		"the same RecordID is stored again, on trading day 20260105":                            "同一 RecordID 再次存储，交易日 20260105",
		"answered for trading day 20260105, login at 2026-01-05 09:00:00":                       "应答的交易日为 20260105，登入时间 2026-01-05 09:00:00",
		"trading day: answered 20260105, stored 20260106; SessionID: answered 7, stored 8":      "交易日：应答为 20260105，记录为 20260106；SessionID：应答为 7，记录为 8",
		"account: answered 1, stored 2; the terminal's ciphertext is not the one that was sent": "资金账户：应答为 1，记录为 2；终端信息密文不是终端所发的那一份",
		`login time: the supplement says "1", the record "2"`:                                   `登入时间：补充获取信息为 "1"，记录为 "2"`,
		"address: the supplement says 192.0.2.1:1, the terminal had 192.0.2.2:2":                "地址：补充获取信息为 192.0.2.1:1，终端为 192.0.2.2:2",
		"the test key of version 1.0 does not open it":                                          "版本 1.0 的测试私钥无法解开",
	} {
		var p Proof
		p.Add(Discrepancy{Kind: Changed, RecordID: id, Account: "1", Detail: english}, 1)
		var en, zh strings.Builder
		p.Text(&en, "en")
		p.Text(&zh, "zh")
		if line := "    " + id + "  1  "; !strings.Contains(en.String(), line+english+"\n") || !strings.Contains(zh.String(), line+want+"\n") {
			t.Errorf("%q:\n%s%s", english, en.String(), zh.String())
		}
	}
}
