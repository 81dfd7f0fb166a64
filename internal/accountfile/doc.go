// Package accountfile is accounts as a CSV file: what `account import` reads and `account export` writes.
//
//	account,user_type,password          account,user_type,password_hash
//	10010001,1,s3cret                   10010001,1,$argon2id$v=19$m=19456,t=2,p=1$…
//
//	Read: every wrong line at once ─▶ Hash: on several processors ─▶ one transaction of the directory
//
// # Invariants
//
//   - All lines of a file are right, or none counts: an *Error names the wrong ones, with what is wrong, and holds no password
//     and no hash.
//   - A password is taken unchanged or refused, never trimmed: the wire pads with spaces, so what ends in one never matches.
//   - What Write writes has neither passwords nor hashes.
//
// # Bounds
//
// MaxLines and MaxLen. An Error keeps so many lines too, and its text names MaxShown. Hash takes as much memory as so many password checks.
//
// It writes nothing but what it is given a Writer for; a crash leaves nothing.
package accountfile
