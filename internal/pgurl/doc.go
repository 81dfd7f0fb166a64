// Package pgurl reads the URL of PostgreSQL (store.url, store.url_file). No other package parses or
// prints one: an accepted URL names the same database to every reader, and a printed one shows no
// password.
//
//	postgres://user:password@host:5432,host2:5432/database?sslmode=verify-full
//	postgres://user@/database?host=/run/postgresql
//
// # Why it is stricter than the driver
//
// The driver fills in what a URL does not name (host, user and database from PG*
// variables, the local socket, the operating system's user), and an @ or / in a password
// that was not percent-encoded makes a part of the password into a host or a database,
// and the driver's errors print those. So:
//
//   - host, user and database are written, or the URL is refused;
//   - user, host, port and database consist of the characters that such names have, so that
//     what is printed of an accepted URL is no piece of a password;
//   - one @ is written, before the host; any other is part of a password that is not encoded;
//   - a refusal repeats nothing of the text: where its parts begin is not known then.
//
// # Invariants
//
//   - Conn names every host with its port, the user and the database: no variable and no
//     service file can put another in their place.
//   - No method but Conn shows the password, and no error holds a part of the text.
//
// It is a leaf: no I/O, no environment, no driver.
package pgurl
