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
//	     ExitDone, and a line of the audit log for each action of act.go
//
// # Invariants
//
//   - A command reaches its surroundings by Env alone: environment, standard input, both outputs, language. So a test runs it
//     in its own process.
//   - What people read is English or Chinese, as the writer that gets it is marked (Env.ReadBy): Tell, Table and their like choose. JSON
//     (Output) is the same in both.
//   - What changes something is written down (Env.Act, Env.Undertake, Env.Note) with who did it and where.
//   - A bar of progress is on a terminal alone.
//   - Rooms do not import each other, and no room but these imports command: depguard holds both. What two rooms need is
//     here, or in the room of internal whose subject it is.
//
// # What it does not know
//
// Any command. It runs the tree that cmd/tradefront hands in.
//
// A crash leaves an action that has begun and no row that says how it ended.
package command
