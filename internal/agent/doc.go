// Package agent is a relay agent (中继代理, 2.4): below it is a front, to which terminals come as to any front; above it is
// a client of the firm's fronts. It implements dialogue.Handler, so that the same server and the same session machine carry
// its terminals: they need no change.
//
//	terminal ─▶ front, dialogue, session ─▶ Agent ─┬─ investor: one connection of its own for each terminal ─▶ front
//	                                               └─ operator: client.Relay, one connection for all       ─▶ front
//
// # A login
//
//  1. The terminal's software is verified here, by a registry that the firm's file fills (5.1.1 b, registryfile).
//  2. Items 3 to 5 are taken: the peer's address or that of a PROXY header, and the instant at which the UserLogin frame was
//     whole. Item 1 is judged by supplement.Assess with the key versions that the agent knows; a ciphertext that came before
//     is flagged 3 (4.2.2.2 a). The ciphertext itself passes unchanged: no private key is here.
//  3. Investor (多对多): a connection to a front is opened, the relay authenticates on it, and the login goes on with the
//     customer's password, which the front's core verifies. It is sent from the bytes that came, so that no string holds
//     it, and wiped after that. The front's answer is the terminal's, but for the reference. Then business messages pass both
//     ways, unchanged. After 8, a ForceExit or no answer the next login goes to the next front; this one is not sent again, since
//     it may be recorded.
//     Operator (一对多): the agent's own core verifies the password, which is a table of accounts or a trading core, then the login
//     is submitted. The terminal is answered after the front's 0 and never before: there is no "let in now, report later".
//
// Where the front refuses: 7, 8, 63, 90, 15 and what is the customer's own affair pass as they are; 9 is told as 3; what is
// about the relay itself (27, 2, 5, 6, 64, 77, and 63 at its own authentication) is 8 to the terminal and an alarm here.
//
// # Relays below
//
// With Options.Chained relays of the same mode come to a listener of their own. Investor: their logins go on as terminals' do,
// RelayedTerminal as it came. Operator: the operator of the relay below is verified by the agent's own core, and makes no
// record; each TerminalSubmit goes on under its own SubmitID and Attempt and is answered after the front's 0. The same one that
// comes again before that waits for the same answer, in the window of its own connection. The end of such a session ends all
// its visits.
//
// # Business messages
//
// Investor: the session passes them to the front, those that the front does not know too where they take a number
// (session.Settings.FrontBehind). Operator: to the agent's own trading core, by the Session tag of the core link;
// that core learns of a session after the front's 0 (SessionOpen). Without one they are answered 77: on the operator's one
// connection to the front the wire has no tag that would tell the customers' messages apart.
//
// # Ends
//
//   - Investor: a terminal's connection to the front ends: that terminal gets ForceExit.
//   - Operator: the connection is lost: terminals stay for Options.Grace while client.Relay connects and reports them again;
//     then all get ForceExit, spread over Options.ExitSpread. A front that ends one terminal (ForceExit with SubmitRef), or
//     does not take it any more, ends that terminal. TerminalEnd goes when a terminal leaves.
//   - Drain: new logins get 8, terminals ForceExit, spread.
//
// # Invariants
//
//   - A terminal is answered with success only after a front said 0.
//   - A number that the session counted is passed to the front, or the session ends: the front counts the same numbers.
//   - A slow side costs bounded memory: Options.QueueBytes towards the front, the front package's mail towards the terminal.
//   - The audit line of each decision has the agent's own reference and the front's.
//
// # Bounds
//
// Options names them. Investor: two goroutines and a socket a terminal at most, one of them only while it sends. Operator: one
// entry of some 150 bytes a terminal here, and what client.Relay keeps.
//
// # If we crash
//
// Nothing is kept here but the audit log. Terminals lose their connections and log in again; fronts see connections end.
// A login that was in flight may be recorded and was not answered.
package agent
