// Package command is the kit of which every command of the program is made. The commands themselves are rooms below it, by
// what they are about: fronts, registry, relays, reports, inquiry, storage, trial; help has what the program says of itself.
//
//	cmd/tradefront ──▶ rooms ──▶ command (the kit) ──▶ actions, chinese, config, assemble, show
//	  the list of        flags,
//	  commands           printing
//
// A command is a constructor that takes an Env and returns a *cobra.Command. What it does is in Env.Action, so that an error
// before it is misuse and an error in it is a failure:
//
//	flags and arguments ──wrong──▶ ExitMisuse, and where help is
//	        │
//	        ▼
//	     Action ──error──▶ ExitFailed, and the error in the user's language
//	        │
//	        ▼
//	     ExitDone
//
// What a flag's type or Args parses is judged before the Action, what a command parses itself is judged in it. Behind it, whether it is
// done or failed, the audit log gets a line for each action of act.go that was written down.
//
// # Invariants
//
//   - A command reaches environment, standard input, both outputs and the language by Env alone. So a test runs it without starting
//     another process.
//   - What people read is English or Chinese: Tell, Table and their like ask the writer that gets it (Env.ReadBy marks one). JSON
//     (Output) is the same in both.
//   - What changes something is written down (Env.Act, Env.Undertake, Env.Note) with who did it and where.
//   - A bar of progress is on a terminal alone.
//   - Rooms do not import each other, and only they and cmd/tradefront import command: depguard holds both. What two rooms need is
//     here, or in the room of internal whose subject it is.
//
// # Where the Chinese is
//
// Of what Tell and Table print in language_said.go, of progress in language_progress.go, of errors in internal/chinese, of help in the room
// help. A test fails for a sentence that has none.
//
// # What it does not know
//
// What a command does. It runs the tree that cmd/tradefront hands in; of serve alone it knows that its standard error is a log.
//
// # If we crash
//
// Of a task (Env.Undertake) the database has that it has begun, and no row that says how it ended.
package command
