// Package proof proves that what a load test was answered is what the store has, item by item.
//
//	answers files ──▶ entries ──┐
//	                            ├─ sort by RecordID ─▶ compare ─▶ result.Proof
//	stores, by trading day ─────┘        │
//	      └─ test keys open supplements  └─ sort by ciphertext ─▶ one login, two records
//
// # What is proven of each answer
//
//   - Exactly one record has its RecordID, on the trading day of the answer, and no other record has the ciphertext that its terminal
//     sent, of which no two logins have the same.
//   - Login time, account, AppID, FrontID, SessionID and abnormal flag of the record are the answer's, and the terminal's ciphertext is
//     the one that was sent.
//   - With the test key of its version the supplement opens, its items are the record's, and address and port are those that the
//     terminal itself had, where the load tester knows them (loopback, PROXY header), else those that the front answered.
//
// A record that no answer names is counted: the terminal may have been gone before it was answered, and other terminals log in too.
// It is a difference where the caller says that nothing else may be stored (Exact).
//
// # Order of reading
//
// The answers first: each login was stored before it was answered. Then the local store, then PostgreSQL: a record that is forwarded
// meanwhile is read twice, which counts once, and never not at all.
//
// # Bounds
//
// Memory: two sorts of sortMemory each, openBatch records that are being opened, Limit differences of each kind, maxDays trading days.
// Disk: about 150 bytes for each answer and each record, and 60 more, in nameless temporary files. A line of answers has at most
// maxLine bytes. It writes nothing else, and a crash leaves nothing.
package proof
