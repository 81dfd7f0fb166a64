// Package session is one terminal's dialogue as a pure state machine.
//
// Step takes one event and says what follows: bytes to send, one thing to do whose
// outcome comes back as a later event, whether to close and why. It reads no clock
// (each event brings its time), draws no randomness, starts nothing and knows neither
// sockets nor stores, so that every dialogue can be replayed in a test.
//
// # States
//
//	Connected ──Authenticate──▶ Challenged ──answer──▶ Authenticated ──UserLogin──▶ LoggingIn
//	    ▲ a new challenge replaces      │ wrong: 63, close        ▲                    │
//	    └── the one before ─────────────┘                         └──── refused ───────┤
//	                                                                                   ▼ durable
//	                               closed ◀──UserLogout── LoggedIn ◀───────────────────┘
//
// A login that the core refused until the password is changed (131, 140, 141) leads to PasswordOnly instead of
// LoggedIn: PasswordUpdate passes, UserLogout ends it, all else is answered 6. The core's answer 0 leads back to
// Authenticated, 120 seconds to the end.
//
// # Business messages
//
// DoPass asks to hand a request over: of it the header alone was looked at.
// RequestRefused says that it was not, or will not be answered; without a core that takes business, each is refused.
// Deliver frames a message of the core's if the state lets the terminal have it. ExitAsked ends the session with ForceExit.
//
// An unknown message takes a number of the dialog too. Where the business goes to another front (Settings.FrontBehind), that one
// counts it likewise: it is passed on, and the other front answers it.
//
// # Relays
//
// By its AppType a session is a terminal's, a many-to-many relay's or an operator relay's. A many-to-many relay logs
// in as a terminal does, with RelayedTerminal beside it; what it told goes to the gateway unjudged but for its form. An operator
// relay that is LoggedIn sends submissions, and more than one is on its way at a time:
//
//	LoggedIn ──TerminalSubmit──▶ DoSubmit … SubmitDone, in any order ──▶ answer
//	         ──TerminalEnd────▶ DoEndTerminal, OutcomeKnown ──▶ answer
//
// A UserLogout that comes while submissions are on their way is answered behind the last of their answers, and what comes behind it is not
// taken. All else goes on: what ends a session ends this one too.
//
// submitChecks is the session's part of the order of checks. No answer to either ends the session for its code: many
// customers are behind it.
//
// # Invariants
//
//   - A challenge is spent by the first answer, right or wrong, and lives for
//     Settings.ChallengeTTL at most. What the terminal says of the time stamp is never read.
//   - At most one thing is under way, submissions apart: while Effects.Do names one, no other is asked
//     for until its outcome came back. A login's outcome comes later than other frames;
//     those are answered at once (a second login by 5), and counted.
//   - UserLogin is answered with success only by an Outcome that carries a Receipt, which the
//     gateway makes once the record is durable.
//   - Each submission is answered once, with success only by an Outcome that carries a SubmitReceipt.
//   - A malformed message gets no answer and ends the session. It changes no other
//     session: the machine shares nothing with others but its Settings and the pool of challenges, into which a
//     challenge goes back empty.
//   - The numbers of requests that pass rise by one from 1, but for those that the session answered itself; the
//     parts of a long message have one, and nothing passes behind a part that did not.
//   - That the core is away, or takes no more, counts for no bound of the terminal's. That no core takes business does.
//   - Every refusal has one Reason of a closed set, which is at once the audit word, the
//     metric label and, by its table, the code on the wire and whether the session ends.
//
// # Bounds
//
// A session is a value of fixed size. Three things are beside it, on the heap, for as long as they are needed: the challenge
// whose answer is awaited (from a pool), the last maxChanges changes of the password while that must be changed first, and
// relaySession of an operator relay. An idle terminal has none of them, and Step allocates nothing for it. Of submissions a window
// is on its way, and four windows end a session that does not wait; 1,000 refused ones, of which 50 a second are forgotten, end it too.
//
// # If we crash
//
// Nothing here survives, and nothing needs to: terminals connect and log in again, and
// every login is a record of its own.
package session
