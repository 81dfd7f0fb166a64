// Package gateway has the use cases: it authenticates terminal software and logs
// customers in, each from start to end in one function that can be read top down.
//
// # A login
//
//  1. the core says who it is, or why not; before that, what a relay tells of its terminal is judged, and an AppID that is bound
//     is held to its binding. Then the login is refused if the account logs in too often, if it has as many sessions as it may,
//     at this front or, where Parts has AllFronts, at all fronts together, or if the terminal, or the core that verified it, has
//     gone meanwhile: so far there is no record
//  2. one instant is taken, from which the printed login time and the trading day both come,
//     and with it the policy: keys, calendar, and what is refused. Together they make the
//     subject of the record: who, from where, by what
//  3. the terminal information is judged: flag and key
//  4. its ciphertext is looked up among those of the day: one seen before is a replay
//  5. the supplement string is built and encrypted
//  6. the record is made durable, and with it that its ciphertext was seen
//  7. the core learns that its session is live, the audit log gets its line, and the session its answer. Of a login that ends
//     before, the core is told that its session will not be opened
//
// # Behind a relay
//
// A login through a many-to-many relay is judged by submitChecks before its password is looked at; the record is then the
// terminal's, through that relay. An operator relay submits its customers' terminals after its own login: Submit walks
// through all of submitChecks, the last of which makes the record durable. Its RecordID is made of what was submitted, so
// that a submission sent twice, here or to another front, before or after a crash, is one record.
//
// # Invariants
//
//   - Login returns OK only after the store's Append did: what was answered is stored.
//   - Login returns within Options.LoginWork and auditPatience, even if a part hangs: core, count of sessions, store and
//     audit log each return when their ctx ends. Past it a login is refused with 90 if it has
//     certainly left no record, and with 8 if its record may be there (store.ErrInDoubt): that
//     one counts, and its ciphertext as seen.
//   - One instant: a login at 15:30:00 is printed as 15:30:00 and belongs to the day
//     that begins then, however long the steps before and after took.
//   - One set: the key, the trading day and the judgement of one login come from the same
//     Policy, also when a reload replaces it meanwhile.
//   - Each session that was counted is given back once: by Ended, by Unanswered, or by a login that fails behind it.
//   - The RecordID is made once, here, for each accepted login.
//   - Of a relay is believed what the front cannot know: items 1 to 5. Items 6 to 9 and the user type of a submission
//     are the front's own, and whether the operator may report for the account is asked at each submission.
//   - Each submission has one outcome. If a part panics, what it held is given back.
//   - Each decision writes exactly one audit line, with the reference that the terminal
//     was shown and the true reason that it was not.
//   - Of all logins of a trading day at this front with one terminal ciphertext, at most one
//     is recorded as the first. A login that was not recorded leaves its ciphertext unseen.
//   - The password is zeroed before Login returns and is never logged.
//
// # Bounds
//
// Logins in flight are bounded by the front, password checks by the core, appends by the
// store. Policy.LoginsPerUser bounds what one account may record a second, an operator's
// operatorShare times as much. Here five tables grow: users' sessions, one entry an account
// online; maxCodeKeys accounts and as many sources that asked for a second factor's code; maxRated accounts that logged in not long ago; the last logins of
// maxLastLogins to twice as many accounts, some 100 bytes each, which a restart forgets; and the ciphertexts of the day, up to
// Options.SeenTerminals of some 60 bytes, of one account a hundredth of that at most. When
// there is no room no new ones are remembered: replays of those pass as first, no login is
// refused for it, and SeenStats tells. After a restart an account has its share once more beside what
// was loaded.
//
// Relays' connections are counted, and the visits that operator relays have submitted: some 100 bytes each, at most
// RelayOptions.MaxVisits a connection. A restart forgets them with the connections.
//
// # If we crash
//
// Before step 6 committed: nothing is recorded and nothing was answered; the ciphertext is
// unseen, also to LoadSeen after the restart, for the store writes both in one commit. After
// it: the record counts, the terminal logs in again and makes another; if it sends the same
// ciphertext again, that is a replay, although its first login was never answered.
package gateway
