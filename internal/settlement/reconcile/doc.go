// Package reconcile proves that nothing is missing: it compares the logins that the audit log has as
// answered, those that the store holds, and the lines of the report of one trading day.
//
//	answered   audit log: login, reason ok, of that trading day, and submit, reason ok or resubmitted;
//	           without those of which a later entry says that the terminal was gone (unanswered)
//	stored     the records of that day
//	reported   the lines of the report and of its supplements, all files together; left
//	           out if none is given
//
// Answered and stored meet by RecordID. A line of the report holds no RecordID: stored and
// reported meet by the supplement's ciphertext, which no two logins share, and then must be
// equal in the whole line.
//
//	audit files ──▶ sort by RecordID ──┐
//	                                   ├─join──▶ differences by RecordID
//	store, in RecordID order ──────────┘
//	      │
//	      └───▶ sort by ciphertext ◀── lines of the reports
//	                    └─groups─▶ differences by RecordID and line
//
// # What counts as a fault
//
// Kinds lists for each difference whether it is a fault and what to do about it. A record
// without an entry in the audit log is none: the record is durable before the entry is
// written, so that a front that is killed leaves one. An entry without a record is one,
// always: the login was accepted, so the record was durable. What cannot be read is one too:
// it may hide an answered login.
//
// # Submissions
//
// What an operator relay submits again has the RecordID of the first time: it is answered again and stored once, which is
// no fault. Sent again after 15:30 it is a record of each day, under one RecordID: no fault either, and named (both_days).
// A day that answered it and does not have it lacks a record, also if the other day has it.
//
// Fronts that answer before PostgreSQL has the record may answer one submission with different 异常标识, of which the report has
// one: no fault, and named (flag_differs).
//
// # Audit logs
//
// In any order, rotated or not, gzipped or not: that is seen by their content. A line that a
// crash tore is counted, with a warning. An entry that two files have byte for byte, as
// overlapping copies of a log have it, is one entry; twice in one file it is two answers.
// Entries that name another trading day are compared if the store holds their record on this
// one: `calendar reassign` moves records, and cannot change what was logged. Entries that name a closed date before
// the day (Options.Closed) are this day's: the date was a trading day when they were answered.
//
// # Order of reading
//
// First the audit log, then the store, then the report. A login is stored before it is
// logged: what is found in the log was in the store already, and a daemon that goes on
// meanwhile makes no faults of this kind.
//
// # Bounds
//
// Memory: three sorts of sortMemory each, Options.Limit differences of each kind (all are
// counted), maxLookups RecordIDs and lookupBatch records. Disk: about 60 bytes for each answered login, as much again for each
// that is looked up, and about 100 for each record and line, in nameless temporary files. It writes nothing else, and a crash
// leaves nothing.
package reconcile
