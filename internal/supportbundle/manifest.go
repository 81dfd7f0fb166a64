package supportbundle

import (
	"bytes"
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/show"
)

const manifestName = "MANIFEST.txt"

// manifest says in both languages what each file is, and what is not there.
func (c *Contents) manifest(o *Options, made time.Time) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "tradefront support bundle, made %s (UTC+8) by tradefront %s (commit %s, %s)\n", show.Time(made), o.Build.Version, o.Build.Commit, o.Build.Go)
	b.WriteString("支持信息包\n\n" +
		"Accounts, addresses, hosts and persons are replaced by a kind and a keyed hash, as address-3f0c9a52d1: equal ones are equal\n" +
		"in all files of this bundle, and in no other. Loopback addresses stay. Secrets are left out. Terminal ports are left out.\n" +
		"账户、地址、主机名和人员已替换为类别加带密钥的哈希，例如 address-3f0c9a52d1：在本包内相同的值替换结果相同，不同的包之间不可对应。\n" +
		"回环地址保留原样。不含任何机密，也不含终端端口。\n\n" +
		"Files 文件\n")
	for _, f := range c.Files {
		fmt.Fprintf(&b, "  %-18s %9s  %s\n  %-18s %9s  %s\n", f.Name, show.Size(int64(f.Bytes)), f.about.en, "", "", f.about.zh)
	}
	b.WriteString("\nLeft out 缺少的内容\n")
	for _, l := range c.LeftOut {
		fmt.Fprintf(&b, "  %-18s %s (%s)\n  %-18s because 原因: %s\n", l.Name, l.about.en, l.about.zh, "", l.Why)
	}
	if len(c.LeftOut) == 0 {
		b.WriteString("  nothing 无\n")
	}
	return b.Bytes()
}
