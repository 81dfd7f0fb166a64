// Package e2e tests the real binary: started as an operator starts it, on both stores,
// with real terminals over TCP, one of them in another language and written from
// docs/protocol.md alone, with a real PostgreSQL that is stopped in the middle, and with
// kill -9. After each fault it opens every record with the test key and checks the
// invariant: answered ⊆ stored, no record twice, every record true.
package e2e
