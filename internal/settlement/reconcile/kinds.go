package reconcile

import "slices"

// Kind is a way in which the sets differ. The set is closed.
type Kind string

// The kinds.
const (
	AnsweredNotStored   Kind = "answered_not_stored"
	UnansweredNotStored Kind = "unanswered_not_stored"
	NotForwarded        Kind = "not_forwarded"
	StoredMeanwhile     Kind = "stored_meanwhile"
	AnsweredTwice       Kind = "answered_twice"
	StoredTwice         Kind = "stored_twice"
	StoredNotReported   Kind = "stored_not_reported"
	ReportedNotStored   Kind = "reported_not_stored"
	ReportedTwice       Kind = "reported_twice"
	ReportedOtherwise   Kind = "reported_otherwise"
	ReportLineBad       Kind = "report_line_bad"
	AuditUnreadable     Kind = "audit_unreadable"
	AuditGap            Kind = "audit_gap"
	AuditWithoutLogins  Kind = "audit_without_logins"

	StoredUnanswered Kind = "stored_unanswered"
	StoredNotInAudit Kind = "stored_not_in_audit"
	OtherDay         Kind = "other_day"
	SubmittedAgain   Kind = "submitted_again"
	BothDays         Kind = "both_days"
	FlagDiffers      Kind = "flag_differs"
)

// KindFacts are what people need to know of a kind.
type KindFacts struct {
	Kind  Kind
	Fault bool
	What  string // of each: "12 …"
	Do    string

	WhatChinese, DoChinese string
}

// Kinds are all kinds, the gravest first: the order in which they are shown.
func Kinds() []KindFacts {
	return []KindFacts{
		{
			AnsweredNotStored, true, "answered, not stored",
			"A record is lost, or is elsewhere. Check that --config names the store of the fronts whose audit logs these " +
				"are, that every front has forwarded its backlog, and the quarantine; then keep store and logs as they are and call the vendor.",
			"已应答但未入库",
			"记录丢失或在别处。核对 --config 指向的库是否就是这些审计日志所属前置的库、各前置是否已把积压送完、隔离区有无记录；然后保持库与日志原样，联系软件供应商。",
		},
		{
			UnansweredNotStored, true, "accepted but not answered, not stored",
			"The terminal never heard of it, but the login was accepted and its record is lost or elsewhere: as for answered logins.",
			"已接受但未应答、未入库",
			"终端没有收到应答，但登录已被接受，其记录丢失或在别处：处理同“已应答但未入库”。",
		},
		{
			NotForwarded, true, "answered, still in this front's local store",
			"Wait until the front has forwarded its backlog, export the report again, and reconcile again.",
			"已应答，仍在本前置的本地库中",
			"等本前置把积压送完，重新导出，再对账一次。",
		},
		{
			StoredMeanwhile, true, "stored while this command ran",
			"Export the report again, and reconcile again.",
			"对账期间入库",
			"重新导出，再对账一次。",
		},
		{
			StoredNotReported, true, "stored, not reported",
			"If the day has supplements, name them too, each with --report. Else export the report again (tradefront report export) " +
				"and reconcile again; if it was handed in already, hand in the new one, or a supplement (--supplement).",
			"已入库但不在报送文件中",
			"如当日有补充文件，请用 --report 一并列出；否则重新导出（tradefront report export）并再次对账；若原文件已报送，则报送新文件或补充文件（--supplement）。",
		},
		{
			ReportedNotStored, true, "reported, not stored",
			"If calendar reassign moved records since, `tradefront report status` says so, and what to do. Else the line comes from elsewhere: " +
				"another seat's report (reconcile each seat's own report, before merging), another store, or by hand. " +
				"Find out which before the report is handed in.",
			"在报送文件中但库中没有",
			"若导出之后 calendar reassign 移动过记录，tradefront report status 会说明并给出处理办法。否则该行来自别处：其他席位的文件（应先对账各席位自己的文件再合并）、另一个库，或人工添加。查清之前切勿报送。",
		},
		{
			ReportedOtherwise, true, "reported otherwise than stored",
			"The line was changed after the export, or does not come from it: export the report again and compare.",
			"报送文件中的内容与入库内容不同",
			"该行在导出之后被改动，或不是导出的：重新导出并比较。",
		},
		{
			AnsweredTwice, true, "answered twice",
			"Two entries of the audit log name one record. Keep the logs and call the vendor.",
			"同一记录应答两次",
			"审计日志中有两行指向同一条记录。保留日志，联系软件供应商。",
		},
		{
			StoredTwice, true, "stored twice",
			"Two records are one login: the report would count it twice. Keep the store as it is and call the vendor.",
			"同一登录入库两次",
			"两条记录是同一次登录，报送文件会重复计数。保持库原样，联系软件供应商。",
		},
		{
			ReportedTwice, true, "reported twice",
			"The line is in the report again: export the report again. If it is in two files: a supplement does not go with " +
				"a full report that was exported after it, only with the one before.",
			"同一记录在报送文件中出现两次",
			"该行在报送文件中重复：重新导出。若分别在两个文件中：补充文件只与其之前的全量文件配套。",
		},
		{
			ReportLineBad, true, "bad lines of the report",
			"The monitoring centre cannot read them: export the report again. See: tradefront report verify.",
			"报送文件中格式错误的行",
			"监控中心无法读取：重新导出。参见 tradefront report verify。",
		},
		{
			AuditUnreadable, true, "entries of the audit log that cannot be read",
			"They may hide answered logins. Get the file anew from the front, or its backup.",
			"审计日志中无法读取的行",
			"其中可能有已应答的登录。从前置或其备份重新取得该文件。",
		},
		{
			AuditGap, true, "stored at a time that no audit log given covers",
			"Whether they were answered is not proven: an audit log was forgotten. Name all that cover the day, of every front, rotated ones too.",
			"入库时间不在所给审计日志的时间范围内",
			"无法证明是否已应答：漏给了审计日志。请列出覆盖当日的所有前置的日志，包括轮转过的。",
		},
		{
			AuditWithoutLogins, true, "no answered login of this day in the audit logs",
			"Nothing was proven. Name the audit logs of this day and of the day before, of every front, rotated ones too.",
			"审计日志中没有当日已应答的登录",
			"什么都没有得到证明。请列出当日及前一日、所有前置的审计日志，包括轮转过的。",
		},
		{
			StoredUnanswered, false, "stored, not answered: the terminal was gone",
			"Nothing: the record counts, and the terminal logs in again.",
			"已入库、未应答：终端已断开",
			"无需处理：记录有效，终端会重新登录。",
		},
		{
			StoredNotInAudit, false, "stored, not answered: the answer never reached the terminal or the audit log was cut",
			"Nothing if a front was killed or its audit log's disk was full at that time, or if --audit does not name all logs; else find out why.",
			"已入库、未应答：应答未到达终端，或审计日志被截断",
			"若当时前置被强制结束、审计日志磁盘写满，或 --audit 未列全日志，则无需处理；否则查明原因。",
		},
		{
			OtherDay, false, "answered under another trading day than stored",
			"Nothing if calendar reassign moved them; reconcile the other day too.",
			"应答的交易日与入库的交易日不同",
			"若由 calendar reassign 移动则无需处理；请同时对账另一日。",
		},
		{
			SubmittedAgain, false, "submitted again by a relay and answered again, stored once",
			"Nothing: the relay did not get the first answer.",
			"中继重复上报并再次应答，只入库一次",
			"无需处理：中继没有收到第一次应答。",
		},
		{
			BothDays, false, "submitted again after 15:30, a record of both days",
			"Nothing: the first answer was lost at the end of the day, and each day's report has one line.",
			"15:30 之后重复上报，两日各有一条记录",
			"无需处理：第一次应答在当日结束时丢失，两日的报送文件各有一行。",
		},
		{
			FlagDiffers, false, "answered with another 异常标识 than is recorded: the flag differs",
			"Nothing for a submission that a relay sent again at another front before PostgreSQL had the first record (store.answer_after: local): " +
				"the record that came first is in the report and counts. For a login or a submission that was sent once: keep the logs and call the vendor.",
			"应答的异常标识与入库的不同",
			"若是中继在 PostgreSQL 得到第一条记录之前向另一前置重发的上报（store.answer_after: local），则无需处理：先到达的记录在报送文件中，以它为准。若是登录，或只发送过一次的上报：保留日志，联系软件供应商。",
		},
	}
}

// FactsOf is what people need to know of one kind.
func FactsOf(k Kind) KindFacts {
	all := Kinds()
	return all[slices.IndexFunc(all, func(f KindFacts) bool { return f.Kind == k })]
}
