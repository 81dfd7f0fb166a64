// Package archive keeps trading days in files: everything that is evidence of a day, in one file that can be read without this program,
// and the steps by which the day leaves PostgreSQL, comes back, and is destroyed after its time.
//
// # The file
//
// A zip archive, UNITarchiveYYYYMMDD.zip, a further one of the same day UNITarchiveYYYYMMDD-2.zip. docs/archive.md is its description for who reads
// it in twenty years: JSON and text, ciphertexts in base64. The manifest is its last member and has the length, the
// lines and the SHA-256 of every other; the ledger has the SHA-256 of the whole.
//
// # Invariants
//
//   - answered ⊆ stored ∪ archived. A record leaves the store in the transaction that notes the file in the ledger (postgres.Detach), after
//     the file was read back from disk and every record in it was compared by count and digest with what was read from the store.
//   - That transaction holds writers of the day off and refuses if the day changed since it was read.
//   - A day with something left to do (settlement.DayStatus), that was not handed in, or that ended less than MinAge ago is refused,
//     unless an operator gives a reason, which goes into the manifest and the list of actions.
//   - Detaching keeps the day's table; Drop removes it only after the file was read whole again and is the ledger's.
//   - Nothing is destroyed before its time (Due), and then only the file that the ledger names.
//
// # What a crash leaves
//
//	while the file is written    its temporary name, which the next run removes; the store as it was
//	after it has its name        the file without a line in the ledger; the next run writes it anew
//	at the COMMIT                both or neither: the next run looks into the ledger
//	while a day is restored      nothing: it is one transaction
//	while a file is destroyed    the ledger says destroyed and the file is there: running it again removes it
//
// TestKilledArchive kills a run at each of them but the fourth.
//
// # Bounds
//
// Constant memory for records and audit logs. A manifest has at most maxManifest bytes, a line maxLine.
package archive
