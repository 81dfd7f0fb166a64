// Package registryfile is the file by which a firm tells a relay which terminal software it may admit (5.1.1 b): AppIDs
// with their authcodes, sealed to the relay's own master key.
//
//	front's side:  directory ─▶ Export ─▶ Write        `tradefront app export --for-relay`
//	relay's side:  file ─▶ Source ─▶ auth.Registry     `tradefront relay serve`
//
// # Invariants
//
//   - No authcode is in clear on disk: each is sealed for its AppID under the relay's master key, and the whole content
//     once more. A file that was changed, or is another relay's, does not open.
//   - A Source gives auth.Registry a whole file or an error, with which the last good content stays in force.
//   - A file that was exported for another relay than the one in force is refused.
//   - An older export than the one in force is refused: it could bring back an AppID that was withdrawn since.
//
// # Bounds
//
// A file is at most MaxLen bytes, some 100,000 AppIDs.
//
// # If we crash
//
// Write replaces the file whole or not at all. That an older file is refused is forgotten with the process.
package registryfile
