package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/client/collect/tstkey"
	"github.com/tradefront/tradefront/internal/collectcmd"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/supplement/testkey"
)

// machineFolder is a folder that takes the place of a machine.
func machineFolder(t *testing.T, calls string, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	files["calls"] = "time 2026-01-05T01:02:03Z\n" + calls
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, path, text)
	}
	return root
}

const wholeCalls = "hostname trader-01\nprocessor BFEBFBFF000906EA CPUID, model\nlink 2 eth0 up mac=3cecef010203\naddress 2 192.168.1.23\n"

func wholeMachine(t *testing.T) string {
	t.Helper()
	return machineFolder(t, wholeCalls, map[string]string{
		"etc/os-release": "ID=ubuntu\nVERSION_ID=24.04\n", "sys/class/dmi/id/product_serial": "PF2ABCDE\n",
		"sys/block/sda/device/serial": "S3Z1NB0K123456A\n",
	})
}

// A line for each item, exit status 0 if every one is there, 1 and advice if not.
func TestCollectCheck(t *testing.T) {
	whole := wholeMachine(t)
	lacking := machineFolder(t, wholeCalls+"denied /sys/class/dmi/id/product_serial\n", map[string]string{
		"etc/os-release": "ID=ubuntu\nVERSION_ID=24.04\n", "sys/block/sda/device/serial": "none\n",
	})
	play(t, []step{
		{
			"collect check --root " + whole + " --lang en", "", 0,
			"present         terminal_type  2  …\n…\npresent         bios_serial  PF****DE  source: /sys/class/dmi/id/product_serial\nevery item is there; flag 0", "",
		},
		{"collect check --root " + whole + " --lang zh", "", 0, "已采集  终端类型  2…已采集  BIOS序列号  PF****DE…\n各项齐全；异常标识 0", ""},
		{
			"collect check --root " + lacking + " --lang en", "", 1,
			"…foreign         disk_serial  none  …advice: …\n…denied          bios_serial  …advice: only root reads…\nmissing 2: disk_serial, bios_serial; flag 3",
			"tradefront: 2 items are missing: a login of this machine is recorded with flag 3",
		},
		{"collect check --root nosuch", "", 1, "", "tradefront: collect: fixture: open nosuch/calls: …"},
		{"collect check --lang fr", "", 2, "", "…want zh or en\nSee: tradefront collect check --help"},
		{"collect", "", 2, "", "tradefront: collect needs a command: check, send\nSee: tradefront collect --help"},
		{"collect send --to x", "", 2, "", `tradefront: required flag(s) "account", "app-id", "authcode-file", "password-file" not set…`},
	})
	got := tradefrontWith([]string{"LANG=zh_CN.UTF-8"}, "", "collect", "check", "--root", lacking)
	if !strings.Contains(got.out, "只有 root 能读 BIOS 序列号") || got.err != "tradefront: 缺 2 项：本机的登录将以异常标识 3 记录\n" {
		t.Errorf("%+v", got)
	}
	got = tradefront("", "collect", "check", "--root", lacking, "-o", "json")
	var report struct {
		Missing uint32
		Flag    string
		Items   []struct{ Item, State, Value, Source, AdviceZh string }
	}
	if err := json.Unmarshal([]byte(got.out), &report); err != nil || got.status != 1 || report.Missing != 1<<6|1<<8 || report.Flag != "3" || len(report.Items) != 11 {
		t.Errorf("%v, %+v", err, got)
	}
}

// send shows what the front recorded. Under the public test key it opens what it sent, item by item; under another key values stay masked.
func TestCollectSend(t *testing.T) {
	bareSite(t)
	write(t, "tradefront.yaml", siteConfig+"  - version: \"tst\"\n    public_key_file: \"keys/tst.pem\"\n")
	write(t, "keys/tst.pem", string(tstkey.Public))
	write(t, "code", givenCode+"\n")
	write(t, "password", "pass-word\n")
	play(t, []step{
		{"masterkey create" + onC, "", 0, "created …", ""},
		{"config check" + onC, "", 0, "…warning: keys: key version tst is the public test key of the collection library: anyone can open…", ""},
		{"app add --app-id a_b_1 --authcode " + givenCode + onC, "", 0, "AppID …", ""},
		{"account add --account 88 --password-file password" + onC, "", 0, "added account 88 (customer)", ""},
	})
	front := serve(t)
	// The front records what this machine is: whether an item is missing is known from the check.
	status := tradefront("", "collect", "check").status
	complaint := ""
	if status != exitDone {
		complaint = "…a login of this machine is recorded with flag …"
	}
	sending := "collect send --lang en --to " + front.address + " --app-id a_b_1 --authcode-file code --account 88 --password-file password"
	uname, err := exec.Command("uname", "-n").Output()
	if err != nil {
		t.Fatal(err)
	}
	name := string(uname[:min(20, len(uname)-1)])
	masked := strings.Repeat("*", len(name))
	if len(name) >= 8 {
		masked = name[:2] + masked[4:] + name[len(name)-2:]
	}
	play(t, []step{
		{sending, "", status, "…device_name  " + name + "  …\nrecorded      flag …\n…ITEM…OPENED…\ndevice_name…" + name + "…" + name + "…same…", complaint},
		{sending + " --key keys/1.0.pem --key-version 1.0", "", status, "…device_name  " + masked + "  …\nThe front recorded:\nrecord        …\nkey version   1.0\nsent          flag …, 256 bytes of ciphertext\nrecorded      flag …", complaint},
		{
			strings.Replace(sending, "--lang en", "--lang zh", 1) + " --key-version 9.9", "", 1,
			"…设备名  " + name + "  …前置机的记录：\n…\n密钥版本…9.9\n上报…异常标识 …，密文 256 字节\n记录…异常标识 2  (终端采集数据加密密钥版本异常：前置机没有此版本的有效密钥 9.9)…设备名…" +
				name + "…一致…",
			"tradefront: 登录已记录，但异常标识为 2 而不是 …：终端采集数据加密密钥版本异常：前置机没有此版本的有效密钥 9.9",
		},
		{
			sending + " --key-version 9.9", "", 1, "…\nrecorded      flag 2  (key version abnormal: the front has no valid key of version 9.9)…",
			"tradefront: the login is recorded with flag 2 in place of …: key version abnormal: the front has no valid key of version 9.9",
		},
		{sending + " --key keys/1.0.pem", "", 1, "", "tradefront: --key needs --key-version…"},
		{sending + " --key master.key --key-version 1.0", "", 1, "", "tradefront: --key: public key: no PEM block…"},
		{sending + " --cipher sm3", "", 1, "", "…--cipher \"sm3\": want aes or sm4"},
	})
	got := tradefront("", append(strings.Fields(sending), "-o", "json")...)
	var sent collectcmd.Sent
	if err := json.Unmarshal([]byte(got.out), &sent); err != nil || got.status != status {
		t.Fatalf("%v, %+v", err, got)
	}
	if len(sent.Opened) != 11 || sent.Recorded.Flag != sent.Collected.Flag || sent.Recorded.SentFlag != sent.Recorded.Flag || sent.Recorded.Bytes != 256 {
		t.Errorf("%+v", sent)
	}
	for _, it := range sent.Opened {
		if !it.Same {
			t.Errorf("%+v", it)
		}
	}
	if status := front.stop(); status != exitDone {
		t.Errorf("exit status %d: %s", status, front.errOut.String())
	}
	play(t, []step{
		{sending, "", 1, "", "tradefront: login at " + front.address + ": …connection refused"},
		{"report export --partial" + onC + " --day " + sent.Recorded.TradingDay, "", 0, "…", "…"},
	})
	checkOpens(t, "0001clientinfo"+sent.Recorded.TradingDay+".txt", sent.Opened)
}

// checkOpens wants lines of the report that open with the private test key, as a test front's clerk opens them, and one that is what send showed.
func checkOpens(t *testing.T, path string, want []collectcmd.OpenedItem) {
	t.Helper()
	private, err := testkey.Parse(tstkey.Private)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]string, len(want))
	for i, it := range want {
		values[i] = it.Opened
	}
	found := 0
	for line := range strings.Lines(read(t, path)) {
		parsed, err := reportfile.ParseLine([]byte(strings.TrimSuffix(line, "\n")))
		if err != nil {
			t.Fatal(err)
		}
		if text, err := private.Decrypt(parsed.Terminal); err == nil && string(text) == strings.Join(values, "@") {
			found++
		}
	}
	if found == 0 {
		t.Errorf("no line of %s opens to %q", path, values)
	}
}
