// Package assemble turns a configuration into parts: it reads the files that the configuration
// names, opens the stores, and gives each part its options. It starts nothing that runs on;
// internal/daemon does, and the commands of internal/command use what they need. Reconcile and Prove do a whole comparison, since
// it needs stores that are open for its time alone.
//
// # Invariants
//
//   - Every fault of a configuration and its files is in one report (LoadAssets, JoinFaults).
//     A key that has a fault gets one line: what follows from it is left out.
//   - A store that is opened here has the schema of this program, or an error says what to do.
//   - A command makes a local store only where no front runs (OpenLocal): the file of a running
//     front was moved away, and a new one in its place would hide that. Nor does it migrate a running front's store.
//   - One front has a local store at a time (SoleFront), under any name of its path.
//
// # Bounds
//
// A key file is at most MaxPEM bytes. Connecting to PostgreSQL takes at most ConnectPatience.
//
// # What a crash leaves
//
// SoleFront leaves a file beside the local store. The system releases the lock with the process,
// and the next start takes the file over.
package assemble
