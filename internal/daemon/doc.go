// Package daemon runs a front with all its parts: it starts them in the order in which each needs
// the ones before, watches them, takes over a changed configuration, and stops them in the order in
// which they feed each other. What a part does is the part's own; what a configuration makes of it
// is internal/assemble's.
//
// # States
//
//   - starting: files and addresses were judged, the admin listener answers, /readyz says that the
//     front is starting. Start returns when terminals are accepted.
//   - serving: until the context of Wait ends or a listener fails. A reload (reloadOn) replaces
//     settings meanwhile, all of them or none.
//   - stopping: Stop refuses new logins, waits for those in flight, hands records to PostgreSQL, and
//     closes the stores.
//
// # What a login passes
//
// LoginPath has the parts between a connection and PostgreSQL, in one order of start and one of stop. The
// daemon has between its steps what only a real front has; the simulation runs the same path with models
// of the disk, PostgreSQL, the terminals and the clock. The wall clock is handed in (Options.Now): what
// measures durations asks time.Now.
//
// # Watchers
//
// What a running front watches is a list of watchers (Daemon.watchers). Each is one value, made in the
// file of its subject: what it does in the background and how often, its checks of /readyz, its
// collectors of /metrics. A new check or gauge is one line there and one in docs/operations.md.
//
// # Invariants
//
//   - What is wrong with configuration, files and addresses is reported at once, before a store is
//     opened.
//   - Nothing that a background watcher meets ends the front: it shows on /readyz, in the metrics and
//     in the log, where a state that lasts has a line at its beginning, one a minute, and one at its end.
//   - With PostgreSQL out of reach a front that has met it before starts and serves.
//
// # Bounds
//
// Stop takes timers.drain for logins in flight, forwardGrace for records, heartbeatPatience for the
// last report to PostgreSQL and auditGrace for the audit log. A reload that is under way is waited for
// reloadGrace.
//
// # What a crash leaves
//
// Records are in the local store and are forwarded after the next start. PostgreSQL goes on to say that
// the front runs, and reports of the day wait until it is started again or retired.
package daemon
