// Package inquiry has the commands that look back: explain, audit, actions, archive and subject. An operator, an auditor or a customer asks
// what became of a login, who changed what, and what is kept of an account; old trading days become files and come back from them.
//
// Each prints what another room found: internal/explain, internal/auditsearch, internal/actions, internal/archive, internal/subject.
//
// # Invariants
//
//   - With --archive a command reads the audit logs of the archives instead of the configuration's (archive_shelf.go).
//   - What was sent by a terminal or a relay is printed without control characters.
//   - Without PostgreSQL explain reads the audit logs all the same, and its output says what is missing.
//   - What is destroyed or taken out of PostgreSQL is asked for by name, with --yes or --why.
//
// # What it does not know
//
// How a day is moved, sealed or searched.
//
// A crash while archives are read leaves a temporary folder with their audit logs.
package inquiry
