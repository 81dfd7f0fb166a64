package store

import "context"

// Snapshot is the records of one day as they were at one moment, for an export.
type Snapshot interface {
	// Position is that moment: exactly the records that the snapshot sees are before it.
	Position() Position
	// Scan calls f for each record that arrived after the position after ("" for all), in
	// RecordID order and constant memory. Of the record only what a report needs is set:
	// ID, TradingDay, LoginTime, VendorID, KeyVersion, both ciphertexts, Flag and
	// Provisional. It is valid during the call. An error of f ends the scan and is
	// returned; the snapshot is then good for Close alone.
	Scan(ctx context.Context, after Position, f func(*Record) error) error
	// Close ends the snapshot. While it is open PostgreSQL keeps what it sees.
	Close() error
}
