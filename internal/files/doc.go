// Package files opens the files that people name and replaces the files that commands and the daemon
// write. No other package does either.
//
//   - Open and Read take regular files alone, and refuse a pipe, a device, a socket or a
//     folder by its kind, at once: opening a pipe would wait for its writer for ever.
//   - ReadText and ReadLine read what people and editors save, as package textfile says.
//   - ReadPrivate refuses a file of secrets that other users may read.
//   - Create replaces a file whole or not at all. The temporary file lies beside its target,
//     under the name .TARGET and a number, never in the system's folder for temporary files:
//     a secret stays in the folder that was made for it, and a rename stays within one disk.
//   - SyncFolder makes a rename survive a crash of the machine.
//
// # Invariants
//
//   - No error holds a part of a file's content.
//   - A file under its name is complete: as before or after, also after a crash.
//
// # What a crash leaves
//
// A run that was killed leaves its temporary file; the next Create for the same target removes it. The
// rename of a run that had not called SyncFolder may be undone: then the old file is there.
//
// It is a leaf: it knows no configuration, no keys and no reports.
package files
