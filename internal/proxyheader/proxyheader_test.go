package proxyheader

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// v2 is a version 2 header with the length that it has.
func v2(command, family byte, body ...[]byte) []byte {
	b := slices.Concat(body...)
	h := append([]byte("\r\n\r\n\x00\r\nQUIT\n"), command, family)
	return append(binary.BigEndian.AppendUint16(h, uint16(len(b))), b...)
}

const (
	local = 0x20
	proxy = 0x21

	tcp4, udp4, tcp6, udp6   = 0x11, 0x12, 0x21, 0x22
	unixStream, unixDatagram = 0x31, 0x32
	unspec                   = 0
)

var (
	// 203.0.113.7:50123 to 192.0.2.1:41205, and 2001:db8::7:50123 to 2001:db8::1:41205.
	block4 = []byte{203, 0, 113, 7, 192, 0, 2, 1, 0xc3, 0xcb, 0xa0, 0xf5}
	block6 = slices.Concat(
		netip.MustParseAddr("2001:db8::7").AsSlice(), netip.MustParseAddr("2001:db8::1").AsSlice(), block4[8:],
	)
	client4 = netip.MustParseAddrPort("203.0.113.7:50123")
	client6 = netip.MustParseAddrPort("[2001:db8::7]:50123")
)

func from6(addr string) []byte {
	a := netip.MustParseAddr(addr).As16()
	return slices.Concat(a[:], block6[16:])
}

func tlv(kind byte, value ...byte) []byte {
	return append([]byte{kind, byte(len(value) >> 8), byte(len(value))}, value...)
}

// ssl is the TLV as HAProxy sends it: bits, verify result, and the version if over TLS.
func ssl(bits byte) []byte {
	value := []byte{bits, 0, 0, 0, 0}
	if bits&1 != 0 {
		value = append(value, tlv(0x21, []byte("TLSv1.3")...)...)
	}
	return tlv(0x20, value...)
}

// summed fills in the header's only checksum, and adds wrong to it.
// unverified is ssl of a client whose certificate the proxy could not verify.
func unverified() []byte {
	b := ssl(7)
	b[tlvHead+4] = 18
	return b
}

func summed(header []byte, wrong uint32) []byte {
	at := bytes.LastIndex(header, []byte{0x03, 0, 4, 0, 0, 0, 0})
	sum := crc32.Checksum(header, crc32.MakeTable(crc32.Castagnoli))
	binary.BigEndian.PutUint32(header[at+3:], sum+wrong)
	return header
}

var zeroSum = tlv(0x03, 0, 0, 0, 0)

// digestText is the digest of a certificate, as HAProxy writes it.
var (
	digest     = [32]byte{0: 0xe4, 1: 0x0c, 31: 0xa2}
	digestText = []byte("E40C" + strings.Repeat("00", 29) + "A2")
)

// whole are complete headers: what they mean, or their fault.
var whole = []struct {
	name   string
	header []byte
	want   Header
	fault  error
}{
	{"v1 TCP4", []byte("PROXY TCP4 203.0.113.7 192.0.2.1 50123 41205\r\n"), Header{Client: client4}, nil},
	{"v1 TCP4 at its longest", []byte("PROXY TCP4 255.255.255.254 255.255.255.255 65535 65535\r\n"), Header{Client: netip.MustParseAddrPort("255.255.255.254:65535")}, nil},
	{"v1 TCP6", []byte("PROXY TCP6 2001:db8::7 2001:db8::1 50123 41205\r\n"), Header{Client: client6}, nil},
	{"v1 TCP6 in capitals, written out", []byte("PROXY TCP6 2001:0DB8:0000:0000:0000:0000:0000:0007 2001:0DB8:0000:0000:0000:0000:0000:0001 50123 41205\r\n"), Header{Client: client6}, nil},
	{"v1 TCP6 mapped", []byte("PROXY TCP6 ::ffff:203.0.113.7 ::1 50123 41205\r\n"), Header{Client: client4}, nil},
	{"v1 UNKNOWN", []byte("PROXY UNKNOWN\r\n"), Header{Local: true}, nil},
	{"v1 UNKNOWN with more, 107 bytes", []byte("PROXY UNKNOWN " + strings.Repeat("f", 91) + "\r\n"), Header{Local: true}, nil},
	{"v1 port 0", []byte("PROXY TCP4 203.0.113.7 192.0.2.1 0 41205\r\n"), Header{}, nil},
	{"v1 unspecified", []byte("PROXY TCP4 0.0.0.0 192.0.2.1 50123 41205\r\n"), Header{}, nil},
	{"v1 unspecified, IPv6", []byte("PROXY TCP6 :: ::1 50123 41205\r\n"), Header{}, nil},
	{"v1 multicast", []byte("PROXY TCP4 224.0.0.1 192.0.2.1 50123 41205\r\n"), Header{}, nil},
	{"v1 broadcast", []byte("PROXY TCP4 255.255.255.255 192.0.2.1 50123 41205\r\n"), Header{}, nil},

	{"v1 zone", []byte("PROXY TCP6 fe80::1%eth0 ::1 50123 41205\r\n"), Header{}, BadLine},
	{"v1 leading zero in the port", []byte("PROXY TCP4 203.0.113.7 192.0.2.1 050123 41205\r\n"), Header{}, BadLine},
	{"v1 leading zero in the address", []byte("PROXY TCP4 203.0.113.07 192.0.2.1 50123 41205\r\n"), Header{}, BadLine},
	{"v1 port 65536", []byte("PROXY TCP4 203.0.113.7 192.0.2.1 65536 41205\r\n"), Header{}, BadLine},
	{"v1 signed port", []byte("PROXY TCP4 203.0.113.7 192.0.2.1 +1 41205\r\n"), Header{}, BadLine},
	{"v1 destination port with a letter", []byte("PROXY TCP4 203.0.113.7 192.0.2.1 50123 4120x\r\n"), Header{}, BadLine},
	{"v1 mixed families", []byte("PROXY TCP4 203.0.113.7 2001:db8::1 50123 41205\r\n"), Header{}, BadLine},
	{"v1 IPv4 as TCP6", []byte("PROXY TCP6 203.0.113.7 192.0.2.1 50123 41205\r\n"), Header{}, BadLine},
	{"v1 IPv6 as TCP4", []byte("PROXY TCP4 2001:db8::7 2001:db8::1 50123 41205\r\n"), Header{}, BadLine},
	{"v1 two spaces", []byte("PROXY TCP4  203.0.113.7 192.0.2.1 50123 41205\r\n"), Header{}, BadLine},
	{"v1 a word more", []byte("PROXY TCP4 203.0.113.7 192.0.2.1 50123 41205 x\r\n"), Header{}, BadLine},
	{"v1 a word less", []byte("PROXY TCP4 203.0.113.7 192.0.2.1 50123\r\n"), Header{}, BadLine},
	{"v1 UDP4", []byte("PROXY UDP4 203.0.113.7 192.0.2.1 50123 41205\r\n"), Header{}, BadLine},
	{"v1 in small letters", []byte("PROXY tcp4 203.0.113.7 192.0.2.1 50123 41205\r\n"), Header{}, BadLine},
	{"v1 nothing", []byte("PROXY \r\n"), Header{}, BadLine},
	{"v1 CR inside", []byte("PROXY TCP4 203.0.113.7\r 192.0.2.1 50123 41205\r\n"), Header{}, BadLine},

	{"v2 TCP4", v2(proxy, tcp4, block4), Header{Client: client4}, nil},
	{"v2 TCP6", v2(proxy, tcp6, block6), Header{Client: client6}, nil},
	{"v2 TCP6 mapped", v2(proxy, tcp6, from6("::ffff:203.0.113.7")), Header{Client: client4}, nil},
	{"v2 LOCAL", v2(local, unspec), Header{Local: true}, nil},
	{"v2 LOCAL with an address", v2(local, tcp4, block4), Header{Local: true}, nil},
	{"v2 LOCAL, family ignored", v2(local, udp6, []byte{1, 2, 3}), Header{Local: true}, nil},
	{"v2 port 0", v2(proxy, tcp4, block4[:8], []byte{0, 0, 1, 1}), Header{}, nil},
	{"v2 unspecified", v2(proxy, tcp4, make([]byte, 4), block4[4:]), Header{}, nil},
	{"v2 unspecified, mapped", v2(proxy, tcp6, from6("::ffff:0.0.0.0")), Header{}, nil},
	{"v2 multicast", v2(proxy, tcp6, from6("ff02::1")), Header{}, nil},
	{"v2 over TLS", v2(proxy, tcp4, block4, ssl(1)), Header{Client: client4, TLS: true}, nil},
	{"v2 over TLS with a certificate", v2(proxy, tcp6, block6, ssl(7)), Header{Client: client6, TLS: true}, nil},
	{"v2 not over TLS, TLV all the same", v2(proxy, tcp4, block4, ssl(0)), Header{Client: client4}, nil},
	{"v2 a certificate, but no TLS", v2(proxy, tcp4, block4, ssl(6)), Header{Client: client4}, nil},
	{"v2 checksum", summed(v2(proxy, tcp4, block4, zeroSum), 0), Header{Client: client4}, nil},
	{"v2 checksum between others", summed(v2(proxy, tcp6, block6, tlv(4, 1, 2), zeroSum, ssl(1)), 0), Header{Client: client6, TLS: true}, nil},
	{"v2 what it may carry besides", v2(proxy, tcp4, block4, tlv(1, 'h', '2'), tlv(2, []byte("front.example")...), tlv(4), tlv(5, 1), tlv(0x30, 'n'), tlv(0xea, 9), tlv(0xea, 9)), Header{Client: client4}, nil},
	{"v2 at its longest", v2(proxy, tcp4, block4, tlv(4, make([]byte, MaxLen-16-12-3)...)), Header{Client: client4}, nil},

	{"v2 the digest of a verified certificate", v2(proxy, tcp4, block4, tlv(5, digestText...), ssl(7)), Header{Client: client4, TLS: true, Certificate: digest}, nil},
	{"v2 the digest before, in small letters", v2(proxy, tcp4, block4, ssl(5), tlv(5, bytes.ToLower(digestText)...)), Header{Client: client4, TLS: true, Certificate: digest}, nil},
	{"v2 the digest, and no certificate", v2(proxy, tcp4, block4, tlv(5, digestText...), ssl(1)), Header{Client: client4, TLS: true}, nil},
	{"v2 the digest of a certificate that was not verified", v2(proxy, tcp4, block4, tlv(5, digestText...), unverified()), Header{Client: client4, TLS: true}, nil},
	{"v2 the digest, and no TLS", v2(proxy, tcp4, block4, tlv(5, digestText...), ssl(6)), Header{Client: client4}, nil},
	{"v2 the digest alone", v2(proxy, tcp4, block4, tlv(5, digestText...)), Header{Client: client4}, nil},
	{"v2 a unique ID of the proxy's own", v2(proxy, tcp4, block4, tlv(5, []byte("7F000001:CD40")...), ssl(7)), Header{Client: client4, TLS: true}, nil},
	{"v2 a unique ID as long as a digest", v2(proxy, tcp4, block4, tlv(5, bytes.Repeat([]byte{'x'}, 64)...), ssl(7)), Header{Client: client4, TLS: true}, nil},
	{"v2 no certificate, no digest", v2(proxy, tcp4, block4, tlv(5), ssl(1)), Header{Client: client4, TLS: true}, nil},
	{"v2 two unique IDs", v2(proxy, tcp4, block4, tlv(5, digestText...), tlv(5, digestText...), ssl(7)), Header{}, BadTLV},

	{"v2 version 1", v2(0x11, tcp4, block4), Header{}, BadVersion},
	{"v2 unknown command", v2(0x22, tcp4, block4), Header{}, BadVersion},
	{"v2 UDP4", v2(proxy, udp4, block4), Header{}, BadFamily},
	{"v2 UDP6", v2(proxy, udp6, block6), Header{}, BadFamily},
	{"v2 UNIX stream", v2(proxy, unixStream, make([]byte, 216)), Header{}, BadFamily},
	{"v2 UNIX datagram", v2(proxy, unixDatagram, make([]byte, 216)), Header{}, BadFamily},
	{"v2 a client without an address", v2(proxy, unspec), Header{}, BadFamily},
	{"v2 a client without an address, with bytes", v2(proxy, unspec, block4), Header{}, BadFamily},
	{"v2 unknown family", v2(proxy, 0x41, block4), Header{}, BadFamily},
	{"v2 unknown protocol", v2(proxy, 0x13, block4), Header{}, BadFamily},
	{"v2 a byte too short", v2(proxy, tcp4, block4[:11]), Header{}, BadAddress},
	{"v2 IPv4 addresses as TCP6", v2(proxy, tcp6, block4), Header{}, BadAddress},
	{"v2 no addresses", v2(proxy, tcp4), Header{}, BadAddress},
	{"v2 checksum wrong", summed(v2(proxy, tcp4, block4, zeroSum), 1), Header{}, BadChecksum},
	{"v2 checksum of zeros", v2(proxy, tcp4, block4, zeroSum), Header{}, BadChecksum},
	{"v2 checksum of three bytes", v2(proxy, tcp4, block4, tlv(3, 0, 0, 0)), Header{}, BadTLV},
	{"v2 TLV cut in its head", v2(proxy, tcp4, block4, []byte{4, 0}), Header{}, BadTLV},
	{"v2 TLV cut in its value", v2(proxy, tcp4, block4, []byte{4, 0, 2, 1}), Header{}, BadTLV},
	{"v2 TLS without a version", v2(proxy, tcp4, block4, tlv(0x20, 1, 0, 0, 0, 0)), Header{}, BadTLV},
	{"v2 TLS of four bytes", v2(proxy, tcp4, block4, tlv(0x20, 1, 0, 0, 0)), Header{}, BadTLV},
	{"v2 TLS twice", v2(proxy, tcp4, block4, ssl(0), ssl(1)), Header{}, BadTLV},
}

// Each header is framed as a whole and nothing else, with any bytes behind it; and means what it says.
func TestHeaders(t *testing.T) {
	for _, test := range whole {
		t.Run(test.name, func(t *testing.T) {
			for _, rest := range []string{"", "\x00\x02\x00\x00\x04\x00", "PROXY TCP4 1.1.1.1 2.2.2.2 3 4\r\n"} {
				n, err := Frame(append(slices.Clone(test.header), rest...))
				if n != len(test.header) || err != nil {
					t.Fatalf("with %q behind it: %d, %v, want %d", rest, n, err, len(test.header))
				}
			}
			got, err := Parse(test.header)
			if got != test.want || !errors.Is(err, test.fault) {
				t.Errorf("%+v, %v, want %+v, %v", got, err, test.want, test.fault)
			}
		})
	}
}

// However a header is cut, the first part makes Frame ask for more: it is never taken for a fault, nor
// for a header.
func TestIncomplete(t *testing.T) {
	for _, test := range whole {
		for cut := range len(test.header) {
			if n, err := Frame(test.header[:cut]); n != 0 || err != nil {
				t.Errorf("%s: %d of %d bytes: %d, %v", test.name, cut, len(test.header), n, err)
			}
		}
	}
}

func TestNoHeader(t *testing.T) {
	tests := []struct {
		name  string
		bytes string
		fault Fault
	}{
		{"a heartbeat", "\x00\x02\x00\x00\x04\x00", Absent},
		{"a message", "\x01\x00\x00\x50", Absent},
		{"a browser", "GET / HTTP/1.1\r\n\r\n", Absent},
		{"TLS", "\x16\x03\x01", Absent},
		{"v1 in small letters", "proxy TCP4", Absent},
		{"v1 without its space", "PROXYTCP4", Absent},
		{"v1 with a tab", "PROXY\tTCP4", Absent},
		{"v2 with one byte wrong", "\r\n\r\n\x00\r\nQUIT\r", Absent},
		{"an empty line", "\r\n\r\nGET", Absent},
		{"v1 that ends in LF", "PROXY TCP4 203.0.113.7 192.0.2.1 50123 41205\n", BadLine},
		{"v1 without an end", "PROXY UNKNOWN " + strings.Repeat("f", 93), TooLong},
		{"v1 of 108 bytes", "PROXY UNKNOWN " + strings.Repeat("f", 92) + "\r\n", TooLong},
		{"v2 a byte over the bound", string(v2(proxy, tcp4, make([]byte, MaxLen-15))), TooLong},
		{"v2 of an absurd length", "\r\n\r\n\x00\r\nQUIT\n\x21\x11\xff\xff", TooLong},
	}
	for _, test := range tests {
		if n, err := Frame([]byte(test.bytes)); n != 0 || !errors.Is(err, test.fault) {
			t.Errorf("%s: %d, %v, want %v", test.name, n, err, test.fault)
		}
	}
}

// Every fault has a word of its own, and something provokes it.
func TestFaultWords(t *testing.T) {
	seen := make(map[string]bool)
	for _, f := range Faults() {
		if seen[f.Word()] || !strings.HasPrefix(f.Word(), "proxy_") {
			t.Errorf("fault %d has the word %q", f, f.Word())
		}
		seen[f.Word()] = true
	}
}
