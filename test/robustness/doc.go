// Package robustness breaks everything around a running front, in an order that a seed
// decides, while terminals log in, and checks after each fault that nothing answered is
// lost, no record exists twice, and no record is untrue.
//
// What is real: the program, started and restarted as systemd would; PostgreSQL, a primary
// with a synchronous standby; kills, full disks, frozen processes, exhausted descriptors;
// the terminals, which use the public client, each from an address of its own. What is
// ours: a TCP proxy before each PostgreSQL that cuts connections at a chosen message, and,
// for the fault "clock stepped" alone, a program built with a clock that can be set.
//
// # A round
//
//	load runs ─▶ at a random moment: fault ─▶ held ─▶ healed
//	          ─▶ logins succeed again, one after the other, within a bound
//	          ─▶ what was answered before the healing is in PostgreSQL, within a bound
//	          ─▶ check of everything since the beginning
//
// At the end the load stops, the front is stopped, each day is exported by the command,
// `report verify` and `reconcile` (with the audit log) must agree, and the lines are held
// against the records.
//
// # What is checked
//
//   - answered ⊆ stored: each login of which the client got success with a RecordID is, under
//     that RecordID, in PostgreSQL, the local store or its quarantine.
//   - stored ⊆ attempted: each record belongs to a login request that was sent, by address
//     and port, and no request has two records.
//   - no RecordID twice in PostgreSQL; one that is on its way and so in both stores is the
//     same row in both.
//   - true: the supplement, opened with the test key, equals what the client was, the time is
//     between request and answer on the clock as it was then set, the trading day follows
//     from that time, the terminal's ciphertext is the one sent.
//   - A refusal under a fault is 8, 90, or a broken connection; no other code.
//   - The program ends with status 0 after SIGTERM, and writes no panic and no data race.
//
// # Two cores
//
// TestCores is a scenario of its own: two fronts of one firm, two `tradefront core-sim` processes, one active and one
// standby, a proxy for each front before each core, PostgreSQL, and terminals that log in, send numbered orders, and
// note each answer and fill. Its faults are those of cores, of links to them and of fronts. After each one core is active
// under the highest term and the other one is standby; logins succeed again, the answered ones are in PostgreSQL, and
// beside the checks above these hold:
//
//   - No order was passed twice, to one core or to two. Orders of a session came in the order of their numbers, after
//     its SessionOpen, and none to a core of a lower term than another one had been active under for a second. The
//     witness says so, which reads all links in the proxies, and the counters of each instance of core-sim.
//   - Each order of a session that lives was answered by a core or refused by its front, once. Answers of a core came
//     in the order of the requests, fills in that of their numbers.
//   - Each session that a core was told of has a record in a store. No core keeps sessions whose terminals have gone.
//   - A refusal, of a login or of an order, is 7, 8 or 90.
//
// Of a core that is killed the counters are those of just before; the witness has what came later.
//
// # A day of relays
//
// TestRelays is a scenario of its own: two fronts of one firm, the first answers from its local store and the second after
// PostgreSQL; one HAProxy, with the configuration that firms are given, before their listeners for terminals and one before
// those for relays; a many-to-many and an operator relay agent, with terminals and with relays below them; relays of both
// kinds that the test plays with the public client; orders by telephone; direct terminals. Between HAProxy and each listener
// for relays is a proxy that reads every frame and the PROXY header: what the test knows of a relay comes from there. Its
// faults are those of fronts, agents, PostgreSQL, HAProxy, of connections that are cut in a frame or between durable and
// answer, and of permissions that the firm takes away for a while. After each one terminals of every kind are answered again;
// then they pause, PostgreSQL has all, and beside the checks above these hold:
//
//   - Lost is also what a relay was answered, or only left a front on its way to one.
//   - A submission's RecordID is what docs/relay.md computes of the bytes that passed; each one sent is once in a store.
//   - Items 1 to 5 and 10 are what the terminal was, 6 to 9 are those of a connection on which it passed to a front, and 11 is 2
//     where an operator relay reported it.
//   - No SubmitID is drawn for a terminal before the answer to the one before, nor twice on one connection.
//   - While a relay is disabled or a scope narrowed, no terminal of it is answered.
//
// At the end, in a long run after each fault too, the report is exported, verified and reconciled with the fronts' audit logs, and
// has exactly the records; `explain` leads from a RecordID to the lines of agent and front, and to the line of the report.
// TestSubmittedAgainOverTheEndOfTheDay sends one submission again over 15:30.
//
// # High availability
//
// TestHighAvailability is a scenario of its own, with the configuration files of deploy/ha: three etcds, three PostgreSQLs under
// Patroni in synchronous mode strict, two data centres with two fronts each behind two HAProxys that share an address by
// keepalived. Each machine is a network namespace with a bridge between; a cut loses packets without a word. One centre answers after
// PostgreSQL, the other one after its local stores; one finds the primary by HAProxy, the other one by the hosts in the URL. It is
// skipped without -ha, since it takes minutes: `make ha`.
//
//	fault ─▶ what must follow has followed (another leader, another synchronous standby)
//	      ─▶ logins succeed while it is still broken ─▶ answered ⊆ PostgreSQL, of the centre that answers after it
//	      ─▶ mended ─▶ the cluster is whole again ─▶ answered ⊆ stored, of both; the checks above
//
// The canary writes to each PostgreSQL directly. What any of them has confirmed must be in the primary: two primaries that both
// confirm would lose the rows of one. At the end a data centre is lost for good: docs/high-availability.md has the steps that the test
// executes, and reconcile must name exactly the logins that were on the burned disks alone.
//
// Its processes are in a process namespace of their own, of which the first one ends all when it ends.
//
// # Bounds and crash
//
// Everything is below one temporary folder and, if the system lets us, in mounts that
// only this process and its children see. PostgreSQL and the front end with the test.
// What a power cut does to a disk is not tested here: kill -9 leaves the page cache.
package robustness
