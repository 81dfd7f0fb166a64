// Package terminal makes plausible terminal strings (终端采集字符串, 4.2.1, 4.4.2) for
// the demo, the load test and tests, and takes apart what a test key decrypted.
// The front never uses it: it sees ciphertext only.
//
// # Invariants
//
//   - A built string has the items of its terminal type in their order, each within its
//     maximum, and fits one RSA-2048 PKCS#1 v1.5 block: also with every item at its
//     maximum, as TestLongest proves.
//   - The same random source and instant build the same string.
//   - Parse accepts every built string.
//
// # What is certain
//
// Items and order of Windows, Linux and Mac OS are in 4.4.2. For the other types the
// specification's table of orders did not survive; theirs is the order of the indicators
// in 4.2.1.2 and 4.2.1.3, after the terminal type. Some maxima are lost too: item.go
// notes it at each.
package terminal
