// Package journalcopy measures what a second copy of a record costs before its login is answered: one that a neighbour front keeps
// in a journal of its own, which no part of the product does, beside answer_after: postgres. `make journal-copy` runs it;
// docs/high-availability.md argues with its figures.
//
// The ways are:
//
//	journal     the local store alone, where records stay
//	neighbour   the same, and at the same time each batch goes over TCP to another process, which answers after its own commit
//	forwarded   answer_after: local with a PostgreSQL, as shipped
//	postgres    answer_after: postgres, as shipped; with standby, a synchronous one
//
// # Invariants
//
//   - A login of the way neighbour is counted when both journals have its record; TestNeighbourHasEachRecord holds it.
//   - The neighbour gathers as the journal does: while a batch is on its way, the next one fills. What it costs is the least that such
//     a copy can cost: it removes nothing, no neighbour takes over, and none is chosen.
//   - All files are on one disk, which both journals sync at the same time. Neighbours and PostgreSQLs in memory show the other end: a
//     second disk that takes no time.
//   - A network is a proxy that keeps what it read for half of a round trip. How long one really takes is measured, too. Processor time
//     is read where there is no proxy.
//   - The ways take turns within a round; a ratio is taken within a round, and the table has the median of the rounds.
//   - Processor time includes what is done after the last answer: PostgreSQL has every record by then.
package journalcopy
