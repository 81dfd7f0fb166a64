// Package site makes a firm in a folder for the demo, and for tests that run a front in their own process: test key pair, master key, calendar
// and configuration file (New, or NewLinked where a core-sim and relays are behind and before the front), then the AppIDs, accounts and relays
// in the front's store (Enrol). What terminals know of it is a demo.Firm.
//
// Tests of the built program have test/site, which calls the program's commands in place of this room.
//
// # Invariants
//
//   - Everything is below the folder given. A PostgreSQL that is named has the schema already, and gets the AppIDs, accounts and relays.
//   - Of each process all sites have one test key pair. Its private half is written into the folder too: no real front has it.
//   - Enrol can be repeated: what is there gets a new authcode.
//
// A crash leaves the folder, which its maker removes or names to the operator.
package site
