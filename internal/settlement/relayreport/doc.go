// Package relayreport says how honest the relays of a day were, as far as the firm can see it from its own audit logs: a
// relay is believed for items 1 to 5 of its terminals (4.2.2.2, 5.2.2 b), and a relay that was set up badly tells the
// same address, port or time of all of them. Such lines are good lines for `report verify`; here they are remarked on.
//
//	audit files ──▶ sort by RecordID ──▶ one submission or login each ──▶ facts ──▶ sort ──▶ a Relay for each RelayAppID
//	     └──▶ AppIDs of direct logins                                                             └─▶ remarks ─▶ text, JSON, page
//
// # What is counted
//
// Accepted logins through many-to-many relays and accepted submissions of operator relays, of one trading day, each
// RecordID once: what was sent again counts with its first answer. An operator relay's own login tells nothing of a
// terminal and is left out. A re-report is a visit (account, AppID, address, port and login time of the terminal) that came
// under another RecordID before: relays that connect anew do so.
//
// # Remarks
//
// remark.go has the closed list, each with the threshold from which it is made: a remark is a question to the relay's
// operator, not a verdict. The command ends with status 0, with remarks too.
//
// # Invariants
//
//   - The numbers of a relay are exact at any size of the logs.
//   - A file that cannot be read to its end is named in the warnings: its rest may have more.
//   - AppIDs "never seen directly" are those that no direct login has in the logs that were given, of any day in them.
//
// # Bounds
//
// Memory: two sorts of sortMemory each, maxRelays relays, and for each of them namesKept AppIDs and operators and
// topKept addresses and ports. Disk: some 200 bytes for each answer and some 300 for each record, in nameless temporary
// files. It writes nothing else, and a crash leaves nothing.
package relayreport
