// Package gateway is the use case: it authenticates terminal software and logs
// customers in, each from start to end in one function that can be read top down.
//
// # A login
//
//  1. the core says who it is, or why not
//  2. one instant is taken, from which the printed login time and the trading day both come,
//     and with it the keys and the calendar that are in force
//  3. the terminal information is judged: flag and key
//  4. the supplement string is built and encrypted
//  5. the record is made durable
//  6. the audit log gets its line, and the session its answer
//
// # Invariants
//
//   - Login returns OK only after the store's Append did: what was answered is stored.
//   - One instant: a login at 15:30:00 is printed as 15:30:00 and belongs to the day
//     that begins then, however long the steps before and after took.
//   - One set: the key, the trading day and the judgement of one login come from the same
//     InForce, whatever a reload does meanwhile.
//   - The RecordID is made once, here, for each accepted login.
//   - Each decision writes exactly one audit line, with the reference that the terminal
//     was shown and the true reason that it was not.
//   - The password is zeroed before Login returns and is never logged.
//
// # Bounds
//
// Logins in flight are bounded by the front, password checks by the core, appends by the
// store. Here only the table of users' sessions grows: one entry an account online.
//
// # If we crash
//
// Before step 5 committed: nothing is recorded and nothing was answered. After it: the
// record counts, the terminal logs in again and makes another.
package gateway
