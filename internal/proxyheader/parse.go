package proxyheader

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"net"
	"net/netip"

	"github.com/pires/go-proxyproto"
	"github.com/pires/go-proxyproto/tlvparse"
)

// Header is the content of a PROXY header.
type Header struct {
	// Client is the terminal's address and port, unmapped; invalid if there is none that
	// a record can have.
	Client netip.AddrPort
	// Local means that the proxy names no client: the connection is its own, as a rule a
	// health check.
	Local bool
	// TLS means that the client connected to the proxy over TLS.
	TLS bool
	// Certificate is the SHA-256 of the certificate that the client showed and the proxy verified; zero if none is told.
	Certificate [sha256.Size]byte
}

// Parse reads one whole header, as Frame found it. An error is a Fault.
func Parse(header []byte) (Header, error) {
	h, err := proxyproto.Read(bufio.NewReaderSize(bytes.NewReader(header), MaxLen))
	if err != nil {
		return Header{}, faultOf(err, header[0] == signature1[0])
	}
	if h.Command.IsLocal() { // UNKNOWN of version 1 as well
		return Header{Local: true}, nil // the specification ignores what else it carries
	}
	source, _, ok := h.TCPAddrs()
	if !ok {
		return Header{}, BadFamily
	}
	told := Header{Client: usable(source)}
	if err := told.readTLVs(header, h); err != nil {
		return Header{}, err
	}
	return told, nil
}

// faultOf translates the library's errors.
func faultOf(err error, line bool) Fault {
	switch {
	case line:
		return BadLine
	case errors.Is(err, proxyproto.ErrUnsupportedProtocolVersionAndCommand):
		return BadVersion
	case errors.Is(err, proxyproto.ErrUnsupportedAddressFamilyAndProtocol):
		return BadFamily
	}
	return BadAddress
}

// usable is the address if a terminal can have it. Another address is no fault of the header:
// logins over the connection are answered 49.
func usable(a *net.TCPAddr) netip.AddrPort {
	addr, ok := netip.AddrFromSlice(a.IP)
	addr = addr.Unmap()
	if !ok || a.Port == 0 || addr.IsUnspecified() || addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(addr, uint16(a.Port))
}

const tlvHead = 3 // type, and length in two bytes

// readTLVs reads what follows the addresses; version 1 has nothing there. The library's own
// splitting does not return where in the header a TLV was, which the checksum needs.
func (told *Header) readTLVs(header []byte, h *proxyproto.Header) (err error) {
	if h.Version == 1 {
		return nil
	}
	at := prefix + 12
	if h.TransportProtocol.IsIPv6() {
		at = prefix + 36
	}
	seen := make(map[proxyproto.PP2Type]bool, 2)
	var digest []byte
	verified := false
	for at < len(header) {
		if len(header)-at < tlvHead {
			return BadTLV
		}
		kind, begin := proxyproto.PP2Type(header[at]), at+tlvHead
		at = begin + int(binary.BigEndian.Uint16(header[at+1:]))
		if at > len(header) {
			return BadTLV
		}
		switch kind {
		case proxyproto.PP2_TYPE_CRC32C:
			err = checkSum(header, begin, at)
		case proxyproto.PP2_TYPE_SSL:
			told.TLS, verified, err = overTLS(header[begin:at])
		case proxyproto.PP2_TYPE_UNIQUE_ID:
			digest = header[begin:at]
		default:
			continue // no meaning here
		}
		if err != nil {
			return err
		}
		if seen[kind] {
			return BadTLV
		}
		seen[kind] = true
	}
	if verified {
		told.Certificate = digestIn(digest)
	}
	return nil
}

// digestIn reads the text of a unique ID: a proxy is told to put the SHA-256 of the client's certificate there, in hex. Any other
// text is one of the proxy's own, and no digest.
func digestIn(text []byte) (digest [sha256.Size]byte) {
	if len(text) != hex.EncodedLen(len(digest)) {
		return digest
	}
	if _, err := hex.Decode(digest[:], text); err != nil {
		return [sha256.Size]byte{}
	}
	return digest
}

// castagnoli is the table of CRC-32C, which the first call makes: a start does without.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// checkSum verifies section 2.2.3: the sum of the whole header, with zeros in the sum's place.
func checkSum(header []byte, begin, end int) error {
	if end-begin != crc32.Size {
		return BadTLV
	}
	sum := crc32.Update(0, castagnoli(), header[:begin])
	sum = crc32.Update(sum, castagnoli(), make([]byte, crc32.Size))
	sum = crc32.Update(sum, castagnoli(), header[end:])
	if sum != binary.BigEndian.Uint32(header[begin:]) {
		return BadChecksum
	}
	return nil
}

// overTLS reads whether the client came over TLS, and whether it showed a certificate that the proxy verified.
func overTLS(value []byte) (tls, verified bool, err error) {
	ssl, err := tlvparse.SSL(proxyproto.TLV{Type: proxyproto.PP2_TYPE_SSL, Value: value})
	if err != nil {
		return false, false, BadTLV
	}
	return ssl.ClientSSL(), ssl.ClientSSL() && (ssl.ClientCertConn() || ssl.ClientCertSess()) && ssl.Verified(), nil
}
