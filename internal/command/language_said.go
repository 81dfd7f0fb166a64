package command

// saidInChinese has what commands print by its English format, with the same values in the same order. TestSaidInChinese holds that it
// has each that is given to Tell.
var saidInChinese = map[string]string{
	"warning: %s\n": "警告：%s\n", "  warning: %s\n": "  警告：%s\n", "ready\n": "就绪\n", "NOT READY\n": "未就绪\n",
	"running fronts follow within seconds\n": "运行中的前置几秒内生效\n",

	// account.
	"added account %s (%s)\n": "已添加账户 %s（%s）\n",
	"lifted the locks of account %s; running fronts follow within seconds\n":                                                     "已解除账户 %s 的锁定；运行中的前置几秒内生效\n",
	"account %s has another password; running fronts follow within seconds\n":                                                    "账户 %s 的密码已更改；运行中的前置几秒内生效\n",
	"%d accounts can be imported; nothing was changed\n":                                                                         "可以导入 %d 个账户；没有改动任何内容\n",
	"%s holds passwords: delete it\n":                                                                                            "%s 含有密码：请删除\n",
	"account %s is already %s; nothing was changed\n":                                                                            "账户 %s 本来就是“%s”；没有改动任何内容\n",
	"account %s is enabled; running fronts follow within seconds\n":                                                              "账户 %s 已启用；运行中的前置几秒内生效\n",
	"account %s has no session at the fronts that answered\n":                                                                    "账户 %s 在已应答的前置上没有会话\n",
	"account %s is disabled; running fronts refuse its logins and end its sessions within seconds\n":                             "账户 %s 已停用；运行中的前置几秒内拒绝其登录，并结束其会话\n",
	"account %s is removed, the records of its logins stay; running fronts end its sessions within seconds\n":                    "账户 %s 已注销，其登录记录保留；运行中的前置几秒内结束其会话\n",
	"added %d accounts (%d operators): %d passwords hashed in %.1f s, written in %.1f s; running fronts follow within seconds\n": "已添加 %d 个账户（其中操作员 %d 个）：计算 %d 个密码的散列用时 %.1f 秒，写入用时 %.1f 秒；运行中的前置几秒内生效\n",
	"%s and %s.csv: %d logins of account %s\n":                                                                                   "%s 和 %s.csv：%d 次登录，账户 %s\n",

	// front reload.
	"%s was sent; the admin listener does not answer, so look into the front's log for what came of it\n": "已发送 %s；管理监听没有应答，结果请查看前置的日志\n",
	"another process of the front's program has taken over, with all sessions\n":                          "前置程序的新进程已接管，会话全部保留\n",
	"the configuration was taken over\n":                                                                  "已采用新配置\n",
	"the configuration was taken over; these keys were changed too, and need a restart: %s\n":             "已采用新配置；以下配置项也有改动，需要重启才生效：%s\n",

	// admission.
	"%s is banned until %s; running fronts refuse its connections within seconds, and end those that are open\n": "%s 已封禁至 %s；运行中的前置几秒内拒绝其连接，并断开已有的连接\n",
	"%s is not banned any more; running fronts follow within seconds\n":                                          "%s 已解除封禁；运行中的前置几秒内生效\n",

	// app and relay.
	"AppID     %s\nauthcode  %s\n\nThe authcode is not shown again: give it to the vendor by a safe way.\n":                              "AppID   %s\n授权码  %s\n\n授权码只显示这一次：请以安全方式交给软件厂商。\n",
	"AppID %s is enabled; running fronts follow within seconds\n":                                                                        "AppID %s 已准入；运行中的前置几秒内生效\n",
	"AppID %s is disabled; running fronts follow within seconds\n":                                                                       "AppID %s 已取消准入；运行中的前置几秒内生效\n",
	"AppID %s is already enabled; nothing was changed\n":                                                                                 "AppID %s 本来就已准入；没有改动任何内容\n",
	"AppID %s is already disabled; nothing was changed\n":                                                                                "AppID %s 本来就未准入；没有改动任何内容\n",
	"it is bound so already; nothing was changed\n":                                                                                      "本来就是这样限定的；没有改动任何内容\n",
	"AppID %s: the previous authcode stops working within seconds\n":                                                                     "AppID %s：旧授权码几秒内失效\n",
	"AppID %s has one authcode only; there is nothing to end\n":                                                                          "AppID %s 只有一个授权码；没有可以结束的\n",
	"The one before stops working within seconds.\n":                                                                                     "旧授权码几秒内失效。\n",
	"wrote %d AppIDs for relay %s to %s, sealed to master key %s\n":                                                                      "已把 %d 个 AppID 写给中继 %s：%s，用主密钥 %s 加密\n",
	"relay %s is enabled; running fronts follow within seconds\n":                                                                        "中继 %s 已准入；运行中的前置几秒内生效\n",
	"relay %s is disabled; running fronts end its connections within seconds\n":                                                          "中继 %s 已取消准入；运行中的前置几秒内断开其连接\n",
	"relay %s is already enabled; nothing was changed\n":                                                                                 "中继 %s 本来就已准入；没有改动任何内容\n",
	"relay %s is already disabled; nothing was changed\n":                                                                                "中继 %s 本来就未准入；没有改动任何内容\n",
	"The one before stays valid until %s; end that with --finish once `tradefront app list`\nshows that no terminal uses it any more.\n": "旧授权码在 %s 之前仍然有效；待 `tradefront app list`\n显示没有终端再使用它，即可用 --finish 结束。\n",
	"The one before that, which was valid until %s, stops working within seconds.\n":                                                     "更早的授权码（原有效至 %s）几秒内失效。\n",
	"relay     %s (%s)\nauthcode  %s\n\nThe authcode is not shown again: give it to who runs the relay by a safe way.\n":                 "中继    %s（%s）\n授权码  %s\n\n授权码只显示这一次：请以安全方式交给中继的运行方。\n",
	"scope of relay %s: %d added, %d removed, %d now; running fronts follow within seconds\n":                                            "中继 %s 的范围：增加 %d 项，删除 %d 项，现有 %d 项；运行中的前置几秒内生效\n",
	"%s is good: mode %s, listeners %d, fronts %v, %d AppIDs exported %s\n":                                                              "%s 没有错误：模式 %s，监听地址 %d 个，前置 %v，AppID %d 个，导出于 %s\n",
	"relay agent %d (%s, %s), tradefront %s, %s for %s\n":                                                                                "中继程序 %d（%s，%s），tradefront %s，%s，已 %s\n",
	"terminals %d, connections %d, AppIDs %d\n":                                                                                          "终端 %d，连接 %d，AppID %d\n",
	"front: %s; this clock is %.0f s ahead of it\n\n":                                                                                    "前置：%s；本机时钟比它快 %.0f 秒\n\n",

	// ping.
	"front   %s\nlocal   %s\n": "前置    %s\n本机    %s\n",
	"seen    %s  (what the front recorded)\nrecord  %s\nday     %s  (its report has a line of this login, with abnormal flag 1)\n": "所见    %s（前置所记录的地址）\n记录    %s\n交易日  %s（该日的报送文件有这次登录的一行，异常标识 1）\n",

	// loadtest.
	"%d generators may join: tradefront loadtest run --join %s --people FILE --key FILE --i-own HOST\n": "等待 %d 个压测进程加入：tradefront loadtest run --join %s --people FILE --key FILE --i-own HOST\n",
	"generator %d of %d joined from %s\n": "压测进程 %d（共 %d 个）已从 %s 加入\n",
	"not taken as a generator: %s\n":      "未接纳为压测进程：%s\n",

	// archive.
	"no day before %s is in the store\n":                 "库中没有 %s 之前的交易日\n",
	"%s archived: %s, %d records, %d bytes, sha256 %s\n": "%s 已归档：%s，%d 条记录，%d 字节，sha256 %s\n",
	"  without %s: keep them beside it\n":                "  其中没有%s：请与它一起保存\n",
	"  without %s\n":                                     "  其中没有%s\n",
	"%s stays in the store: %s\n":                        "%s 仍在库中：%s\n",
	"  %s: %d lines, %d bytes\n":                         "  %s：%d 行，%d 字节\n",
	"  archived although: %s\n  reason: %s\n":            "  归档时仍有：%s\n  放行原因：%s\n",
	"%s of %s: %s, %d records\n":                         "%s，交易日 %s：%s，%d 条记录\n",
	"next: copy the files to a second place; archive drop FILE then frees the room in the database\n": "下一步：把文件复制到另一处保存；然后 archive drop FILE 释放数据库空间\n",
	"%s is whole: trading day %s of %s, %d records, made by %s with %s, sha256 %s\n":                  "%s 完整：交易日 %s，期货公司 %s，%d 条记录，由 %s 用版本 %s 归档，sha256 %s\n",

	// calendar.
	"%s: known to %s, %d days from now\n": "%s：已知至 %s，距今 %d 天\n",
	"\n%d: %d trading days%s\n":           "\n%d 年：%d 个交易日%s\n",
	"\n  . trading  X closed  - weekend  w weekend worked to make up for a holiday (closed)\n": "\n  . 交易日  X 休市  - 周末  w 调休上班的周末（休市）\n",
	"trading day %s\n":                                                                   "交易日 %s\n",
	"  from      %s (UTC+8)\n":                                                           "  起始      %s（UTC+8）\n",
	"  up to     %s (UTC+8), which is not in it\n":                                       "  截止      %s（UTC+8），不含该时刻\n",
	"  previous  %s\n  next      %s\n":                                                   "  前一日    %s\n  后一日    %s\n",
	"  provisional: the calendar does not know these days for certain\n":                 "  推定：日历还不能确定这些日期\n",
	"%d records moved to another day, %d confirmed on theirs, %d stay provisional\n":     "%d 条记录改到另一交易日，%d 条确认在原交易日，%d 条仍为推定\n",
	"%d copies of records that were moved before, sent again by a front, were dropped\n": "%d 条此前已改日的记录由前置重复送来，已去重\n",
	"see which reports that concerns: tradefront report status\n":                        "查看涉及哪些交易日的报送：tradefront report status\n",

	// front and session.
	"retired front %d on host %s, last seen %s; then it held: %s\n":                                                          "已退役前置 %d（主机 %s），最近心跳 %s；当时持有：%s\n",
	"its last report was not that it stopped, so it may have taken logins since: reconcile with its audit log tells which\n": "它最后一次心跳并未说明已停止，此后可能还受理过登录：用它的审计日志对账（reconcile）可以查明\n",
	"the reports of %d trading days, from %s to %s, say from now on that logins may be missing\n":                            "%d 个交易日（%s 至 %s）的报送文件从此写明可能缺少登录\n",
	"told the relay of session %d at front %d to end the terminal %s of account %s\n":                                        "会话 %d（前置 %d）的中继已收到指令：结束终端 %s，账户 %s\n",
	"ended session %d of account %s at front %d\n":                                                                           "已结束会话 %d：账户 %s，前置 %d\n",

	// loadtest prepare and remove.
	"made %d accounts (%s to %s), %d AppIDs and %d relays in %.1f s; running fronts follow within seconds\n":           "已建立 %d 个账户（%s 至 %s）、%d 个 AppID、%d 个中继，用时 %.1f 秒；运行中的前置几秒内生效\n",
	"%s has their password and authcodes; take them out again with: tradefront loadtest remove -c %s %s\n":             "%s 含有其密码和授权码；测试之后移除：tradefront loadtest remove -c %s %s\n",
	"removed %d accounts and %d AppIDs; running fronts follow within seconds\n":                                        "已移除 %d 个账户和 %d 个 AppID；运行中的前置几秒内生效\n",
	"%d names of the file were not there, or were not made together with it and stay: see `tradefront account list`\n": "文件中有 %d 个名称不存在，或不是与该文件一起建立的，未予移除：见 `tradefront account list`\n",

	// local.
	"%s: %d bytes, log %d bytes, schema %d\n": "%s：%d 字节，日志 %d 字节，表结构版本 %d\n",
	"DAMAGED: %s\n":                   "已损坏：%s\n",
	"sound: every page was checked\n": "完好：已检查每一页\n",
	"no damage found in the %s that a check may take; there is more to check\n": "在限定的检查时间 %s 内没有发现损坏；还有未检查的部分\n",
	"oldest login %s\n": "最早登录 %s\n",
	"%d in quarantine, %d altered, %d without a checksum\n":                                                                                         "隔离 %d 条，被改动 %d 条，无校验和 %d 条\n",
	"corrupt store, not recovered: %s; next: tradefront local recover\n":                                                                            "损坏的本地库，尚未恢复：%s；下一步：tradefront local recover\n",
	"not to be had: %d rows altered, %d cells broken, %d pages unreadable, cut off or overwritten; at most %d rows missing between seq %d and %d\n": "无法取得：被改动的行 %d，损坏的单元 %d，读不出、被截去或被覆盖的页 %d；至多缺 %d 行，序号在 %d 与 %d 之间\n",
	"there is no corrupt store\n": "没有损坏的本地库\n",
	"%s: %d rows brought back, %d were here already, %d of all without a checksum\n": "%s：恢复 %d 行，原已在库 %d 行，其中无校验和 %d 行\n",
	"it stays where it is\n":  "文件留在原处\n",
	"it is %s now\n":          "文件现为 %s\n",
	"%s: %d bytes, checked\n": "%s：%d 字节，已检查\n",
	"%d in quarantine\n":      "隔离 %d 条\n",
	"next: tradefront reconcile, with the audit logs of those days: it names the answered logins that are nowhere\n": "下一步：用这些日期的审计日志执行 tradefront reconcile：它列出已应答却不在任何库中的登录\n",

	// masterkey and migrate.
	"created %s (mode 0600); keep a copy in a safe place\n": "已建立 %s（权限 0600）；请在安全处保存一份副本\n",
	"%s now holds a new key, %s, and the old one, %s\nnext: copy it to every machine, reload every front, compare `tradefront masterkey list`;\nthen: tradefront masterkey rotate\n": "%s 现有新密钥 %s 和旧密钥 %s\n下一步：复制到每台机器，重载每个前置，比较 `tradefront masterkey list`；\n然后：tradefront masterkey rotate\n",
	"%d authcodes are sealed under %s now, %d of them anew\nnext, on each machine: tradefront masterkey rotate --finish, and reload its front\n":                                     "现有 %d 个授权码由 %s 加密，其中 %d 个为本次重新加密\n下一步，在每台机器上：tradefront masterkey rotate --finish，并重载其前置\n",
	"%s holds one key only, %s; there is nothing to finish\n":                                    "%s 只有一个密钥 %s；没有需要完成的\n",
	"%s holds %s only; reload its front. Keep the old key, %s, as long as backups from before\n": "%s 只剩 %s；请重载其前置。旧密钥 %s 须与此前的备份保存同样长的时间\n",
	"the local store %s is current\n":                                                            "本地库 %s 的表结构已是最新\n", "applied %s\n": "已升级 %s\n", "the schema is current\n": "表结构已是最新\n",

	// quarantine.
	"released %d records; %d are in quarantine\n":        "已释放 %d 条记录；隔离区还有 %d 条\n",
	"no record is in quarantine\n":                       "隔离区没有记录\n",
	"Its trading day rests on a provisional calendar.\n": "其交易日依据推定的日历。\n",
	"report line:\n%s\n":                                 "报送行：\n%s\n",
	"It was altered in the local store's file: nothing above is certain. reconcile with the audit log tells which login it was.\n":                                                                             "本地库文件中的该记录被改动：以上内容都不可靠。用审计日志对账（reconcile）可以查明是哪次登录。\n",
	"discarded record %v: file the output of this command, it is all that is left of the record. The login's true record is lost, and in no report: tradefront reconcile with the day's audit logs names it\n": "已丢弃记录 %v：请保存本命令的输出，这是该记录仅存的内容。该次登录的真实记录已丢失，不在任何报送文件中：用当日审计日志执行 tradefront reconcile 会列出它\n",

	// reconcile and explain.
	"\n%s: %s (%d)\n  %s\n": "\n%s：%s（%d）\n  %s\n",
	"Trading day %s\n":      "交易日 %s\n", "answered\t%d\t%s, and %d whose terminal was gone\n": "已应答\t%d\t%s；另有 %d 次应答时终端已断开\n",
	"of these\t%d\tsubmitted by operator relays\n": "其中\t%d\t由一对多中继上报\n", "stored\t%d\tthe store\n": "已入库\t%d\t库\n", "reported\t%d\t%s\n": "报送文件\t%d\t%s\n",
	"%s: entries from %s to %s\n": "%s：条目自 %s 至 %s\n", "    and %d more; --limit names more\n": "    另有 %d 项；加大 --limit 可列出更多\n",
	"%s: %d visits\n": "%s：%d 次接入\n", "%s: one visit\n": "%s：1 次接入\n", "\nrecord %s\n": "\n记录 %s\n", "  in the archive %s\n": "  在归档文件 %s 中\n",
	"\n%s %d, session %d, from no address\n": "\n%s %d，会话 %d，没有来源地址\n", "  item  %s\n": "  字段  %s\n",
	"  right blocks of the answer, from the first on: %d of %d. The authcode is the right one; the mode is not ECB (CBC with a zero IV\n  has the first block right), or the challenge was cut at a zero byte, as a C string is\n": "  应答中从头起正确的块：%d，共 %d 块。授权码没有错；加密模式不是 ECB（CBC 而 IV 全零时首块正确），\n  或者挑战像 C 字符串那样在零字节处被截断\n",
	"  the connection ended, %s: %s\n":       "  连接关闭，%s：%s\n",
	"\n%s %d, session %d, from %s port %d\n": "\n%s %d，会话 %d，来自 %s 端口 %d\n", "  why   %s (%d): %s\n": "  原因  %s（%d）：%s\n", "  reported: %s\n": "  在报送文件中：%s\n",
	"  the terminal was at %s port %d, as relay %s told\n": "  终端在 %s 端口 %d，据中继 %s 上报\n", "  its day was not exported yet\n": "  当日尚未导出\n",
	"  its day %s is archived in %s: name that file with --archive\n":                                                               "  交易日 %s 已归档到 %s：请用 --archive 指明该文件\n",
	"  trading day %s, login %s, account %s, 异常标识 %s\n":                                                                             "  交易日 %s，登入时间 %s，资金账户 %s，异常标识 %s\n",
	"  its day was exported as %s: name the files with --report to see the line\n":                                                  "  当日已导出为 %s：用 --report 指明文件即可看到所在行\n",
	"  not in this store: it may wait in the local store of the front that made it (front status), or be in another seat's store\n": "  不在本库中：可能还在产生它的前置的本地库中（front status），或在另一席位的库中\n",

	// report.
	"the last trading day whose window has closed is %s\n":                                  "最近一个已结束的交易日是 %s\n",
	"%s: no record came after the last export that the report lacks; nothing was written\n": "%s：上次导出之后没有报送文件所缺的记录；没有写文件\n",
	"%s: no record came after the last export; nothing was written\n":                       "%s：上次导出之后没有新的记录；没有写文件\n",
	"%s: %d rows, %s, sha256 %s (%.1f s, %.0f rows/s)\n":                                    "%s：%d 行，%s，sha256 %s（%.1f 秒，每秒 %.0f 行）\n",
	"  the same as the file before\n":                                                       "  与原文件相同\n",
	"  replaced the file of %d rows, sha256 %s: %+d rows\n":                                 "  替换了原文件（%d 行，sha256 %s）：行数变化 %+d\n",
	"  that file is kept as %s\n":                                                           "  原文件保存为 %s\n",
	"noted as handed in: %s, %d rows, sha256 %s\n":                                          "已登记为已报送：%s，%d 行，sha256 %s\n",
	"NOT noted, hand it in too: %s, %d rows\n":                                              "未登记，请一并报送：%s，%d 行\n",
	"receipt: %s\n":                                       "回执：%s\n",
	"read %s: %d rows, sha256 %s\n":                       "已读取 %s：%d 行，sha256 %s\n",
	"%s: %d rows, %d duplicates dropped, %s, sha256 %s\n": "%s：%d 行，去重 %d 行，%s，sha256 %s\n",
	"%d bad lines are NOT in it; they were put into %s\n": "有 %d 行错误，不在文件中；已写入 %s\n",
	"waived of %s, by %s: %s\n":                           "交易日 %s 已由 %s 放行：%s\n",
	"the report may be written now, and is marked as incomplete: tradefront report export --day %s\n": "现在可以导出，文件会标明不完整：tradefront report export --day %s\n",
}
