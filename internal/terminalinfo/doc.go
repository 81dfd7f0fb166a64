// Package terminalinfo is the terminal string (终端采集字符串, 4.2.1, 4.2.4, 4.4.2): the one table of its items, their order for
// each type of terminal, their maxima, and the rules by which a value becomes an item. The collection library
// (client/collect) puts a string together by it, verify takes one apart by it, and Build makes plausible ones for demo,
// load test and tests.
//
// A front never uses it: it sees ciphertext only.
//
// # Invariants
//
//   - A joined string has the items of its terminal type in their order, each within its
//     maximum, and fits one RSA-2048 PKCS#1 v1.5 block: also with every item at its
//     maximum, as TestLongest proves.
//   - Clean makes an item of any bytes: what it returns passes regulation.CheckItem.
//   - The same random source and instant build the same string.
//   - Parse accepts every joined string with a type and a time.
//
// # What is certain
//
// Items and order of Windows, Linux and Mac OS are in 4.4.2. For the other types the
// specification's table of orders did not survive; theirs is the order of the indicators
// in 4.2.1.2 and 4.2.1.3, after the terminal type. Some maxima are lost too: table.go
// notes it at each.
//
// No files, no clock, no goroutines, nothing kept between calls: a crash leaves nothing.
package terminalinfo
