// Package statuspage renders the status page of a front: one value becomes one HTML page, in English or Chinese.
//
// A person opens `/` of the admin listener and sees whether the front serves, what came today, what waits, and what must
// be done about it. The page is read-only. It has no script, no form and nothing from outside: the style is in it, and
// the Content-Security-Policy admits nothing else. A meta tag loads it again; `?refresh=off` leaves that out.
//
// Snapshot is all that a page shows; gathering it is of the front's wiring (internal/daemon). A part that is nil is not
// there on this front, and its section is left out. What other stores must be asked for is Shared: a Cache asks at most
// once in a while for all readers, waits for a bounded time, and keeps the last answer beside the error.
//
// # Invariants
//
//   - No account and no address of a customer: Snapshot has no place for them.
//   - Each text that came from outside (an AppID, a host, an error) is escaped by html/template.
//   - Both languages have every text; a text that is missing fails a test.
//
// # Bounds
//
// shownApps AppIDs, shownFronts fronts, shownRelays relays, ShownDays days; what is left out is counted on the page, and what
// needs an operator comes first. A Cache asks once in its period, with its patience, one at a time.
//
// # What a crash leaves
//
// Nothing is kept.
package statuspage
