// Package demo plays a firm's customers against a front, of which it knows what their terminals do (Firm): synthetic
// terminals of all kinds, valid and faulty, that really encrypt what they are and remember it, and a check that opens
// the day's report with the test private key and compares each line with what its terminal really was.
//
// Where a core-sim is behind the front, terminals also place orders and see the answers and their fills; PlayTrade is
// two customers who trade with each other, message by message.
//
// A firm with Relays has terminals of three ways: those that connect by themselves, those that a many-to-many relay logs in over
// a connection for each, and those that an operator relay reports on its one connection. The operator's own login is a line too.
//
// One terminal is real: PlayMachine logs in with what the collection library (client/collect) finds of the machine that the demo runs on.
//
// It is the product shown to a stranger, and the shape of every later proof: answered
// logins, stored records and reported lines are the same set.
//
// # Invariants
//
//   - A login counts as answered only if the terminal got the front's success with its
//     RecordID; what it then was (address, port, account, AppID, its relay, terminal string) is kept.
//   - What the front alone decides is taken from its answer: the login time, of a relayed terminal that of its relay.
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
