// Package coresim is a reference core in one process, for tests, the demo and vendors. It is no trading core: it
// keeps everything in memory, matches one instrument in a toy book, and has no risk control. It says so in the help
// of its command, in its first log line and in its CoreID, which begins with "core-sim".
//
// # How a test uses it
//
//	core, err := coresim.New(coresim.Options{
//		Accounts:   []coresim.Account{{User: "88888888", Password: "Secret123"}},
//		TradingDay: "20260105",
//	})
//	go core.Serve(listener)            // one or more; tcp, unix, or tls over either (TLSConfig)
//	core.Do("late-verify 5s")          // a fault, as the control line says it; Help lists them
//	core.Report().Now().Business       // what it saw
//	core.Close()
//
// Serve returns ErrClosed after Close, ErrCrashed after the command crash.
//
// # Parts
//
// The engine is pure: bytes of a link in, bytes out, no clock but the one that is handed in. It has one state for
// all links, under the Server's mutex. The Server has two goroutines a link: one reads, feeds the engine and writes
// what the engine answers, all frames of one read in one write; the other writes what other links caused (fills,
// broadcasts, kicks) while the first one waits in Read.
//
// # From the core's side of docs/core.md
//
//   - LinkLogin is the first message of a link; a second one, or another message before it, ends the link.
//
//   - A session is (FrontID, SessionID, Process). Verify reserves it, Open makes it live, Abort or Close ends it.
//
//   - The sessions of a link that ended wait for Grace. If the same Process comes back, it resumes them by
//     SessionResume; the others are closed. Another Process of the same FrontID closes them at once, and so does the
//     end of a link for a reserved session. A session that another instance opened is resumed too, if the account
//     exists: its flows go on behind what the front says was delivered.
//
//   - Numbers of dialog requests (series 0) must rise within a session. A repeat or a fall is counted, answered 15
//     with ErrorTargetSequence, and not carried out: an order is never taken twice for one number.
//
//   - Business of a session that is not open is counted as unknown_session and not answered.
//
// The states of a session:
//
//	nothing ─verify─▶ reserved ─open─▶ open ─close─▶ nothing
//	   └─verify, 131/140/141─▶ password only ─verify─▶ reserved
//	open ─link ends─▶ suspended ─resume within Grace─▶ open
//
// # Business
//
// A message in parts is taken once its last part is there, and one that is cut off is dropped unanswered. OrderInsert goes to the
// book. Every other business message is echoed: same body, each part of a chain. The text of
// JR/T 0016 with its field tables is not at hand, so TIDs are the standard's and fields are core-sim's own:
//
//	TID 0x00000003 OrderInsert, request:  SimOrder
//	                            answer:   SimOrderID, Error; refused: Error alone. Same TID, series 0, request's number
//	TID 0x00001001 TradeInsertSingle:     SimTrade; the account's private series, next number
//	TID 0x00001101 MarketStatus:          SimStatus; broadcast, series 65280 to Audience 'B', 65281 to Audience 'D'
//
//	FID 0x0000A001 SimOrder    OrderRef s24, InstrumentID s30, Direction c1, Price n10, Volume n8            73
//	FID 0x0000A002 SimOrderID  OrderID n12                                                                   12
//	FID 0x0000A003 SimTrade    TradeID n12, OrderID n12, UserID s18, OrderRef s24, InstrumentID s30,
//	                           Direction c1, Price n10, Volume n8, Remaining n8                             123
//	FID 0x0000A004 SimStatus   InstrumentID s30, LastPrice n10, Text s60                                    100
//
// Direction is '0' buy, '1' sell. Price counts ticks, 1 and above; Volume is 1 to MaxVolume. The book matches by price,
// then time, at the price of the order that was there first. Both accounts get a TradeInsertSingle.
//
// A private flow has the account's series (Account.Series; by default 1 for the first account of the list, 2 for
// the second, and so on). Its numbers begin with 1 on each trading day. ResumePoints ask for it: 0 from the
// beginning, n after n, -1 from now; without a point it goes on from now.
//
// # Bounds
//
// MaxLinks links; MaxQueued bytes that wait for a front that does not read, then the link ends; MaxHistory messages
// a flow, the oldest are dropped; MaxMessage bytes of a message in parts, then 15; MaxResting orders in the book, then 90; MaxRemembered order references and
// RecordIDs. Credit is the front's bound; 0 in Options is unlimited. The front's own LinkCredit bounds what it is sent.
//
// A crash leaves nothing: accounts are as the file has them, the book is empty, flows begin with 1 or behind
// what fronts say was delivered.
package coresim
