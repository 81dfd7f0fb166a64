// Package tour is what `tradefront demo` shows: a firm in a temporary folder (package demo), the front
// that ships (package daemon), behind it a core-sim in this process (package coresim), two customers who trade
// through both, this machine as the collection library finds it, visits of synthetic terminals, the day's report opened with the test private key, and the
// comparison of each line with what its terminal was.
//
// # States
//
// Run makes the folder, starts core-sim on a Unix socket in it and the front, waits until the front uses its core, plays,
// settles, compares what core-sim saw with what the terminals did, prints. It then waits for its context, unless
// Exit is set, stops the front and removes the folder.
//
// # Bounds
//
// Those of package demo. The front uses its core within corePatience, or Run fails. Records get to PostgreSQL within a minute, or Run fails.
//
// # What a crash leaves
//
// The folder tradefront-demo-… in the folder for temporary files, with test keys and test logins in it.
package tour
