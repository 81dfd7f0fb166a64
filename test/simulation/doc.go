// Package simulation runs a whole front under a seed, put together, started and stopped by the
// daemon's own LoginPath: session machine, dialogue, gateway,
// registry, core, supplement, local store with its writer, forwarder and audit log are the
// real ones; terminals, sockets, PostgreSQL, the clock and the operator are models. Half of the seeds
// run with core.driver link: the link is the real one, one or two trading cores and the
// connections to them are models.
//
// # How it is driven
//
// Everything runs in a bubble of testing/synctest. Wherever the front would wait for
// something outside (a socket, the core, a commit, PostgreSQL), its goroutine is parked
// instead. One controller draws from the seed the one thing that happens next, lets it
// happen, waits until every goroutine is parked or blocked again, and checks. So a step
// never depends on how the machine schedules goroutines, and a seed gives the same run
// again: TestSameSeedSameRun compares the traces.
//
// What can happen: a chunk of any length reaches the front or a terminal; a terminal sends
// something, honest or not, hangs up, or connects anew from an address that another had
// before; the core verifies, or is out of reach; a record is handed to the writer; the
// writer begins, commits and reports, or fails at each of these, having committed or not;
// the disk is full, and is not; a login's outcome comes back, in any order; a batch
// reaches PostgreSQL, or does not, or does and its answer is lost, or does later; time
// passes; the clock is stepped; keys and calendar are replaced; the front gets SIGTERM, is
// killed between any two steps, or loses power in the middle of a commit.
//
// With a trading core besides: a chunk of any length reaches the core or the front; the connection is
// cut, or nothing moves on it; the core answers in any order, late or never, lets a customer in or
// asks for another password, kicks, grants credit, reports and broadcasts, stalls, is killed, leads
// under a new Term, becomes standby, takes back a session or does not; and it lies (core_lies_test.go).
// Terminals send requests in one part or several, now and then with a wrong number.
//
// A third of the seeds have relays besides (relay_plan_test.go): terminals behind a many-to-many relay, and operator relays
// that submit for several customers, keep what is not answered, come back to this front or the next, send again and report
// again, end terminals, and send what they must not (relay_mischief_test.go). An operator of the front disables a relay and
// narrows its scope. A submission parks before it begins, as several may come in one chunk.
//
// # What is checked
//
// See check_test.go: answered ⊆ stored ⊆ attempted, no RecordID twice, every record true, the
// bounds, and that nothing is left behind. Safety runs end wherever they are. Liveness
// runs are healed at some moment; from then on all answered records must reach PostgreSQL
// and every honest terminal must be able to log in, within bounded time.
//
// With a trading core (core_check_test.go, order_test.go): no request reaches cores twice, none is answered
// twice; a SessionOpen names a record that is stored; once nothing is on its way, each session that a core let
// in was opened or aborted, and each that is open has a terminal; a terminal gets 3, 63 or a lock from a core
// alone; private flows have no gap and no repeat. Honest terminals of a liveness run trade, too.
//
// With relays (relay_truth_test.go, core_visits_test.go): what docs/protocol.md and docs/relay.md promise of a submission, by
// an encoder and a RecordID of the test's own; and what a core knows of the terminals behind an operator.
//
// # What is not covered
//
// gnet and the kernel's sockets (internal/front has its own tests), the real PostgreSQL
// (internal/store and the robustness suite), failures inside of SQLite's single writes.
//
// # Running it
//
//	make sim SEEDS=10000          seeds 1 to 10000
//	make sim SEED=4711            one seed, with its whole trace
//
// A seed that fails prints its command and the last steps. Once the bug is fixed, the seed goes
// into the table of regressions with a description of the bug. What a seed does changes
// whenever the simulation or the order of the front's steps does; the description remains
// true, and a test of its own elsewhere must find the same bug.
package simulation
