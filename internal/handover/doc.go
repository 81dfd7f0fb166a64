// Package handover is the talk between a process and the one that takes its place: a few frames and descriptors over a pair
// of Unix sockets. It knows neither sessions nor stores; docs/design.md, "Live upgrade", says what is given and why that is safe.
//
//	giver                                   taker
//	Launch ── starts the program with one end ──▶ Inherited
//	AwaitReady ◀──────────── ready ────────── Ready      it has read its configuration and opened what two may have open
//	Give ──────── image, descriptors ───────▶ Take       the giver has stopped to read, and keeps all it has
//	AwaitPrepared ◀──────── prepared ──────── Prepared   nothing is left that could fail
//	the process ends ─────── EOF ───────────▶ AwaitAlone now the taker serves
//
// # Invariants
//
//   - The taker serves only after AwaitAlone, and that returns only once no process has the giver's end any more: the kernel closes
//     it with the process. The giver serves until it ends. So two never serve.
//   - The giver ends only after prepared. Before it goes on after any fault, Abort has killed the taker and has seen it end. So
//     one always serves, unless both are killed.
//   - The giver's end is inherited by no other process.
//   - A fault of the taker is told to the giver before the taker ends, so that one log has both.
//
// # Bounds
//
// A frame has at most maxFrame bytes. Descriptors go maxFDs at a time. Each wait ends with its context.
//
// # If we crash
//
// The giver crashes before it has given all: Take fails, and the taker ends. Later: the taker has everything, and serves. The
// taker crashes: the giver serves on. Nothing is written to disk.
package handover
