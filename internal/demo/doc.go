// Package demo plays a firm's customers against a front: synthetic terminals of all
// kinds, valid and faulty, that really encrypt what they are and remember it, and a check
// that opens the day's report with the test private key and compares each line with what
// its terminal really was.
//
// Where a core-sim is behind the front, terminals also place orders and see the answers and their fills; PlayTrade is
// two customers who trade with each other, message by message.
//
// It is the product shown to a stranger, and the shape of every later proof: answered
// logins, stored records and reported lines are the same set.
//
// # Invariants
//
//   - A login counts as answered only if the terminal got the front's success with its
//     RecordID; what it then was (address, port, account, AppID, terminal string) is kept.
//   - The report must have each answered login exactly once, equal in every item; a
//     line that no terminal can account for is a fault too.
//   - An order counts as accepted only if its answer came, with its number and success.
//   - What the core sends is taken without waiting: what no terminal looks at does not hold up its reader.
//   - Traffic goes to the given address only, from 127.0.0.0/8.
//
// # Bounds
//
// Logins and terminals at once are given; memory grows with the logins that were answered. A visit, and PlayTrade,
// has visitPatience; a terminal keeps inboxFlow fills that wait to be looked at.
package demo
