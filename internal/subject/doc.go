// Package subject collects the logins that are kept of one account, for a customer who asks for it (PIPL, article 45): its logins in the store
// and in archives, and from the audit logs what the store does not hold, above all the public address and port.
//
// # Invariants
//
//   - A login is there once, by its RecordID, also if store and archive both have it. One that only an audit log names is there too.
//   - What was not read is named (Export.NotRead; Export.Sources has what was): a document never claims to be more than it is.
//   - Nothing of another account comes in: records by their account, lines of audit logs by their account.
//
// Logins that were refused are in audit logs alone, and actions about the account in operator_action: neither is in an Export.
// `audit search --account` and `actions list --subject` show them.
//
// # Bounds
//
// The logins of one account are in memory, at most maxLogins.
//
// It writes nothing; a crash leaves nothing.
package subject
