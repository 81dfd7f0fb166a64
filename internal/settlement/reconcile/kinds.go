package reconcile

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
)

// KindFacts are what people need to know of a kind.
type KindFacts struct {
	Kind  Kind
	Fault bool
	What  string // of each: "12 …"
	Do    string
}

// Kinds are all kinds, the gravest first: the order in which they are shown.
func Kinds() []KindFacts {
	return []KindFacts{
		{
			AnsweredNotStored, true, "answered, not stored",
			"A record is lost, or is elsewhere. Check that --config names the store of the fronts whose audit logs these " +
				"are, that every front has forwarded its backlog, and the quarantine; then keep store and logs as they are and call the vendor.",
		},
		{
			UnansweredNotStored, true, "accepted but not answered, not stored",
			"The terminal never heard of it, but the login was accepted and its record is lost or elsewhere: as for answered logins.",
		},
		{
			NotForwarded, true, "answered, still in this front's local store",
			"Wait until the front has forwarded its backlog, export the report again, and reconcile again.",
		},
		{
			StoredMeanwhile, true, "stored while this command ran",
			"Export the report again, and reconcile again.",
		},
		{
			StoredNotReported, true, "stored, not reported",
			"If the day has supplements, name them too, each with --report. Else export the report again (tradefront report export) " +
				"and reconcile again; if it was handed in already, hand in the new one, or a supplement (--supplement).",
		},
		{
			ReportedNotStored, true, "reported, not stored",
			"The line comes from elsewhere: another seat's report (reconcile each seat's own report, before merging), another store, or by hand. " +
				"Find out which before the report is handed in.",
		},
		{
			ReportedOtherwise, true, "reported otherwise than stored",
			"The line was changed after the export, or does not come from it: export the report again and compare.",
		},
		{
			AnsweredTwice, true, "answered twice",
			"Two entries of the audit log name one record. Keep the logs and call the vendor.",
		},
		{
			StoredTwice, true, "stored twice",
			"Two records are one login: the report would count it twice. Keep the store as it is and call the vendor.",
		},
		{
			ReportedTwice, true, "reported twice",
			"The line stands in the report again: export the report again. If it stands in two files: a supplement does not go with " +
				"a full report that was exported after it, only with the one before.",
		},
		{
			ReportLineBad, true, "bad lines of the report",
			"The monitoring centre cannot read them: export the report again. See: tradefront report verify.",
		},
		{
			AuditUnreadable, true, "entries of the audit log that cannot be read",
			"They may hide answered logins. Get the file anew from the front, or its backup.",
		},
		{
			AuditGap, true, "stored at a time that no audit log given covers",
			"Whether they were answered is not proven: an audit log was forgotten. Name all that cover the day, of every front, rotated ones too.",
		},
		{
			AuditWithoutLogins, true, "no answered login of this day in the audit logs",
			"Nothing was proven. Name the audit logs of this day and of the day before, of every front, rotated ones too.",
		},
		{
			StoredUnanswered, false, "stored, not answered: the terminal was gone",
			"Nothing: the record counts, and the terminal logs in again.",
		},
		{
			StoredNotInAudit, false, "stored, not answered: the answer never reached the terminal or the audit log was cut",
			"Nothing if a front was killed or its audit log's disk was full at that time, or if --audit does not name all logs; else find out why.",
		},
		{
			OtherDay, false, "answered under another trading day than stored",
			"Nothing if calendar reassign moved them; reconcile the other day too.",
		},
		{
			SubmittedAgain, false, "submitted again by a relay and answered again, stored once",
			"Nothing: the relay did not get the first answer.",
		},
		{
			BothDays, false, "submitted again after 15:30, a record of both days",
			"Nothing: the first answer was lost at the end of the day, and each day's report has one line.",
		},
	}
}
