// Package collectcmd is the self-check of the collection library as commands: `check` says of each item of this machine where it comes from
// and what to do if it is missing; `send` logs in with it at a front and shows what the front recorded. They are
// `tradefront collect` of the operator's program, and `tradefront-collect`, which terminal vendors hand to their users.
//
// # Invariants
//
//   - Values are shown masked, unless they are sealed under the public test key, whose private half anyone has.
//   - send puts one line into the day's report of that front, as every login does.
//
// # Bounds
//
// send is bounded by its --timeout. A crash leaves what a terminal that is gone leaves.
package collectcmd
