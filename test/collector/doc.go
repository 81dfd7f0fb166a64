// Package collector tests the C library of terminals as a vendor gets it: built by collector.Build, loaded by programs in C, C++, Python
// and Java, and opened with OpenSSL.
//
//   - hosts has the C programs that a library may meet: each proves what its first line says, and prints what is not so. fork is the first
//     of them: Go's runtime lives in another program's process.
//   - The samples that vendors get are built with warnings as errors and run.
//   - The C half is played against a Go half of C, under AddressSanitizer and UBSan.
//   - strace shows no process started, no connection and no file written.
//
// `make collector-test` runs the long ones too: 100,000 calls, valgrind, Java, Linux on arm64 by qemu-user, and Windows by Wine, which is not Windows.
// Nothing stays after a run: what is built is in a temporary folder.
package collector
