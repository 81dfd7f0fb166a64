package doctor

import (
	"context"
	"time"
)

// check is one line of the table.
type check struct {
	name   string
	worst  Status // of its trouble
	of     subject
	look   func(ctx context.Context, s *Site, f *findings)
	advice Text // the next step where a finding has none of its own
}

// subject is what a check looks at, and so what it needs.
type subject int

const (
	machine        subject = iota // nothing but the machine
	configuration                 // a configuration without fault
	postgresServer                // the same, with driver postgres and a server that can be used
	runningFront                  // the same, with a front that answers at admin.address
)

// run makes the check, or says why it cannot be made.
func (c *check) run(ctx context.Context, s *Site) []Finding {
	f := &findings{check: c}
	if why, lacking := s.lacks(c.of); lacking {
		f.add(Skip, why)
		return f.all
	}
	c.look(ctx, s, f)
	if len(f.all) == 0 {
		f.skip("the check found nothing to look at", "没有可检查的内容")
	}
	return f.all
}

func (c *check) unfinished(patience time.Duration) []Finding {
	f := &findings{check: c}
	f.skip("did not end within %v: what it looks at hangs, or is very large", "%v 内没有完成：检查对象无响应，或者数据量很大", patience)
	return f.all
}

// checks is the table, in the order of the report.
func checks() []check {
	return []check{
		{"configuration", Fail, machine, checkConfiguration, say(
			"correct the file; tradefront config defaults prints each key with its meaning", "修改配置文件；tradefront config defaults 列出每个配置项及其含义")},
		{"files", Fail, machine, checkFiles, say(
			"put the file there, readable for the user that runs the front", "把文件放到位，并让运行前置的用户可读")},
		{"modes", Warn, configuration, checkModes, say(
			"chmod o= the file: it is for the front's user and group alone", "执行 chmod o= 收紧权限：该文件只应由前置的用户和组访问")},
		{"keys", Fail, configuration, checkKeys, say(
			"ask the monitoring centre for the next key, add it under keys, reload", "向监控中心申请新公钥，写入 keys，然后重载配置")},
		{"calendar", Warn, configuration, checkCalendar, say(
			"bring calendar_file up to date by the exchanges' notice, reload", "按交易所公告更新 calendar_file，然后重载配置")},
		{"exposure", Warn, configuration, checkExposure, say(
			"see docs/security.md", "参见 docs/security.md")},
		{"addresses", Fail, configuration, checkAddresses, say(
			"free the port, or choose another address", "释放该端口，或改用其他地址")},
		{"port_range", Warn, configuration, checkPortRange, say(
			"reserve the ports: deploy/sysctl/90-tradefront.conf, then sysctl --system", "保留这些端口：安装 deploy/sysctl/90-tradefront.conf 后执行 sysctl --system")},
		{"proxy", Warn, configuration, checkProxy, say(
			"see docs/operations.md, \"Load balancers\"", "参见 docs/operations.md 的 Load balancers 一节")},
		{"local_store", Fail, configuration, checkLocalStore, say(
			"see: tradefront local inspect", "执行 tradefront local inspect 查看")},
		{"master_key", Fail, configuration, checkMasterKey, say(
			"name the file that sealed them; tradefront masterkey list shows fingerprints", "改用当初加密授权码的主密钥文件；tradefront masterkey list 列出指纹")},
		{"disk_space", Fail, configuration, checkDiskSpace, say(
			"make room on that disk, or move the file to a larger one", "清理该磁盘，或把文件移到更大的磁盘")},
		{"audit_disk", Warn, configuration, checkAuditDisk, say(
			"put audit_log on a disk of its own: a flood of refusals then cannot fill the local store's", "把 audit_log 放到单独的磁盘：大量拒绝记录就不会占满本地库的磁盘")},
		{"postgres", Fail, configuration, checkPostgres, say(
			"check store.url and that the server runs", "检查 store.url，并确认数据库正在运行")},
		{"postgres_version", Warn, postgresServer, checkVersion, say(
			"upgrade PostgreSQL at the next maintenance", "在下次维护时升级 PostgreSQL")},
		{"schema", Fail, postgresServer, checkSchema, say(
			"run tradefront migrate as the owner of the tables", "以表的属主身份执行 tradefront migrate")},
		{"rights", Fail, postgresServer, checkRights, say(
			"run deploy/sql/roles.sql once more, as a superuser", "以超级用户身份重新执行 deploy/sql/roles.sql")},
		{"postgres_settings", Warn, postgresServer, checkSettings, say(
			"ask the administrator of PostgreSQL to set it as the line says", "请数据库管理员按该行所述修改")},
		{"partitions", Warn, postgresServer, checkPartitions, say(
			"start a front, which makes them, or see why it could not in its log", "启动前置即会自动创建；如未创建，请查看前置日志中的原因")},
		{"old_days", Warn, postgresServer, checkOldDays, say(
			"archive them: tradefront archive --before DAY, see docs/archive.md", "归档这些交易日：tradefront archive --before DAY，参见 docs/archive.zh-CN.md")},
		{"postgres_clock", Fail, postgresServer, checkPostgresClock, say(
			"run NTP (chrony) on both machines against the same servers", "在两台机器上用相同的时间服务器运行 NTP（chrony）")},
		{"ntp", Warn, machine, checkNTP, say(
			"start an NTP service (chrony): login times are evidence", "启动 NTP 服务（chrony）：登入时间是证据")},
		{"open_files", Fail, machine, checkOpenFiles, say(
			"raise it: LimitNOFILE= in the unit, ulimit -n in a shell", "调高上限：systemd 单元的 LimitNOFILE=，或 shell 的 ulimit -n")},
		{"huge_pages", Warn, machine, checkHugePages, say(
			"echo madvise > /sys/kernel/mm/transparent_hugepage/enabled, and at each boot by transparent_hugepage=madvise",
			"执行 echo madvise > /sys/kernel/mm/transparent_hugepage/enabled，并在启动参数中加入 transparent_hugepage=madvise")},
		{"swap", Warn, machine, checkSwap, say(
			"swapoff -a, or MemorySwapMax=0 in the front's unit", "执行 swapoff -a，或在前置的 systemd 单元中设置 MemorySwapMax=0")},
		{"front", Fail, configuration, checkFront, say(
			"see its log: journalctl -u tradefront", "查看前置日志：journalctl -u tradefront")},
		{"readiness", Fail, runningFront, checkReadiness, say(
			"see docs/operations.md, \"Readiness\", for the check that the line names", "按该行的检查名查阅 docs/operations.md 的 Readiness 一节")},
	}
}

// Checks are the names of all checks, each with what its trouble is.
func Checks() map[string]Status {
	all := make(map[string]Status)
	for _, c := range checks() {
		all[c.name] = c.worst
	}
	return all
}
