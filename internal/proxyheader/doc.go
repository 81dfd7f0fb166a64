// Package proxyheader reads the PROXY header, version 1 or 2: a load balancer begins each of its
// connections with it, and names its client there. The specification is that of
// HAProxy, proxy-protocol.txt.
//
// The header becomes evidence, the public address and port of a login's record, so nothing
// is guessed: bytes that are not exactly a header are a Fault, and the connection ends.
// The front decides which peers may send one: on a listener that is
// configured for it, those of a trusted network.
//
// # Two steps
//
//	bytes ──Frame──▶ how many of them are the header ──Parse──▶ Header
//
// Frame finds the end of the header in what was received; 0 means that more must come. The
// library that then parses exactly that slice reads from a stream, and does not distinguish a
// header that is not complete yet from one that is absent.
//
// # Invariants
//
//   - A Header has a Client only if the proxy named a TCP client with an address and a port
//     that can be a client's: unmapped, without zone, neither unspecified nor multicast, no
//     port 0. Otherwise logins over the connection are answered 49.
//   - LOCAL and UNKNOWN are legal headers without a Client: health checks. A client of UDP
//     or UNIX, or of no known family (UNSPEC), cannot be a terminal, and is a Fault.
//   - A checksum (PP2_TYPE_CRC32C) that is there is verified; the library does not.
//   - TLS is true only by the bit PP2_CLIENT_SSL: HAProxy sends the TLV for plain clients too.
//   - A second checksum or TLS TLV is a Fault, as it is not known which of the two is meant.
//
// # Bounds
//
// Version 1: 107 bytes. Version 2: MaxLen; bytes 15 and 16 have the length, and one that is
// too large is a Fault before the rest arrives. The front bounds the time.
//
// # What a crash leaves
//
// Nothing is stored; the proxy sees a closed connection.
package proxyheader
