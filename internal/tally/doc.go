// Package tally counts what came to this front on the trading day, for people who look at it: logins by result, flags,
// terminal software, relays, and logins by minute of the last hours.
//
// Metrics count since the start, and a monitoring system takes differences. A person who opens the status page has no
// monitoring system at hand, and asks what came today.
//
// # Invariants
//
//   - Counts are of one trading day. The first event of another day, or the first look on it, begins at zero.
//   - No account and no address enters. A name is an AppID that the firm registered; any other is counted as OtherApp.
//   - A reason, a flag and a relay are values of the callers' closed sets.
//
// # Bounds
//
// MaxApps AppIDs a day, the first that came; what follows is counted as OtherApp. MaxRelays relays likewise. KeptMinutes
// minutes, in a ring.
//
// # What a crash leaves
//
// Nothing: the counts are of this process. Day.Since says from when they are.
package tally
