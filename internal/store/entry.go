package store

// Entry is a record in a journal, and its place in the order of commits.
type Entry struct {
	Seq     int64
	Record  Record
	Altered error // the record is not what was appended, and goes nowhere
}

// Place is where a record is that was appended to a journal.
type Place int

// The places.
const (
	Forwarded   Place = iota // PostgreSQL has it
	Waiting                  // it is in the journal, to be sent
	Quarantined              // it is in quarantine
)
