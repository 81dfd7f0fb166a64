// Package cppcore tests what C++ authors of a core get: include/tradefront_core.h and examples/core-cpp. Both are
// compiled with warnings as errors and run under AddressSanitizer and UBSan.
//
//   - Vectors: each field and message of the link, encoded by package ftd, is decoded and encoded again by the header.
//   - Mutations: the header and package ftd give the same verdict on each of 100,000 broken frames.
//   - Streams: a Link under broken streams gives the same events for every way in which the bytes are cut.
//   - The example core: a scripted front plays whole sessions over TCP, a Unix socket and TLS.
//
// programs has the C++ of the tests. Nothing stays after a run: what is built is in a temporary folder.
package cppcore
