// Package proxyheader reads what a load balancer says of its client: the PROXY header,
// version 1 or 2, with which each of its connections begins. The specification is that of
// HAProxy, proxy-protocol.txt.
//
// The header becomes evidence, the public address and port of a login's record, so nothing
// is guessed: bytes that are not exactly a header are a Fault, and the connection ends.
// Whether the sender may say so at all (a listener that is configured for it, and a
// trusted network) is the front's to know.
//
// # Two steps
//
//	bytes ──Frame──▶ how many of them are the header ──Parse──▶ Header
//
// Frame finds the end of the header in what has arrived; zero says that more must come. The
// library that then parses exactly that slice reads from a stream, and cannot tell a header
// that is not complete yet from one that is absent.
//
// # Invariants
//
//   - A Header has a Client only if the proxy named a TCP client with an address and a port
//     that can be a client's: unmapped, without zone, neither unspecified nor multicast, no
//     port 0. Otherwise nobody can log in over the connection (error 49).
//   - LOCAL and UNKNOWN are honest headers without a Client: health checks. A client of UDP
//     or UNIX, or of no known family (UNSPEC), cannot be a terminal, and is a Fault.
//   - A checksum (PP2_TYPE_CRC32C) that is there is verified; the library does not.
//   - TLS is said only by the bit PP2_CLIENT_SSL: HAProxy sends the TLV for plain clients too.
//   - A checksum or TLS TLV that stands twice is a Fault: which of the two was meant?
//
// # Bounds
//
// Version 1: 107 bytes. Version 2: MaxLen, of which the sender says in byte 15 and 16 how much it
// will take; too much is a Fault before any of it is waited for. Time is the front's to bound.
//
// # If we crash
//
// Nothing is kept; the proxy sees a closed connection.
package proxyheader
