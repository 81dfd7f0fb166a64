package proxyheader

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"testing"

	"github.com/pires/go-proxyproto"
)

// FuzzAgainstLibrary: what we take is what the library reads from the stream by itself, byte
// for byte as much of it; what it refuses, we refuse; where we are stricter, it is by a rule
// of ours that can be named.
func FuzzAgainstLibrary(f *testing.F) {
	for _, test := range whole {
		f.Add(append(test.header[:len(test.header):len(test.header)], "\x00\x02\x00\x00\x04\x00"...))
	}
	f.Add([]byte("\r\n\r\n\x00\r\nQUIT\n\x21\x11\xff\xff"))
	f.Add([]byte("PROXY TCP4 203.0.113.7 192.0.2.1 50123 41205\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		source := bytes.NewReader(stream)
		reader := bufio.NewReaderSize(source, len(stream)+16) // the line of v1 must be there in one read
		theirs, theirErr := proxyproto.Read(reader)
		left, _ := io.ReadAll(reader)
		consumed := len(stream) - len(left)

		n, err := Frame(stream)
		if err != nil || n == 0 {
			checkNotTaken(t, stream, theirErr, err, consumed)
			return
		}
		ours, err := Parse(stream[:n])
		switch {
		case theirErr != nil && err == nil:
			t.Fatalf("the library refuses it (%v), we say %+v", theirErr, ours)
		case theirErr == nil && consumed != n:
			t.Fatalf("the library takes %d bytes, we take %d", consumed, n)
		case theirErr == nil && err != nil:
			checkOwnRule(t, stream[:n], theirs, err)
		case err == nil:
			checkSame(t, ours, theirs)
		}
	})
}

// checkNotTaken: what Frame does not take, the library takes only if it is too long for us.
func checkNotTaken(t *testing.T, stream []byte, theirErr, err error, consumed int) {
	t.Helper()
	if theirErr != nil {
		return
	}
	if !errors.Is(err, TooLong) || consumed <= MaxLen {
		t.Fatalf("the library takes %d bytes of %q, we say %v", consumed, stream, err)
	}
}

// checkOwnRule: the library took it, so one of our own rules must be what it broke.
func checkOwnRule(t *testing.T, header []byte, theirs *proxyproto.Header, err error) {
	t.Helper()
	tlvs, tlvErr := theirs.TLVs()
	count := func(kind proxyproto.PP2Type) (n int) {
		for _, v := range tlvs {
			if v.Type == kind {
				n++
			}
		}
		return n
	}
	ok := false
	switch {
	case errors.Is(err, BadFamily):
		ok = theirs.TransportProtocol.IsUnix() || theirs.TransportProtocol.IsDatagram()
	case errors.Is(err, BadTLV):
		ok = tlvErr != nil || count(proxyproto.PP2_TYPE_SSL) > 0 || count(proxyproto.PP2_TYPE_CRC32C) > 0
	case errors.Is(err, BadChecksum):
		ok = tlvErr != nil || count(proxyproto.PP2_TYPE_CRC32C) > 0
	}
	if !ok {
		t.Fatalf("%x: the library takes it, we say %v", header, err)
	}
}

func checkSame(t *testing.T, ours Header, theirs *proxyproto.Header) {
	t.Helper()
	if theirs.Command.IsLocal() {
		if want := (Header{Local: true}); ours != want {
			t.Fatalf("%+v, want %+v", ours, want)
		}
		return
	}
	from, _, ok := theirs.TCPAddrs()
	if !ok || ours.Local {
		t.Fatalf("we say %+v, the library %+v", ours, theirs)
	}
	if !ours.Client.IsValid() {
		return // of no use as a client's; the table test has which
	}
	addr, _ := netip.AddrFromSlice(from.IP)
	if ours.Client != netip.AddrPortFrom(addr.Unmap(), uint16(from.Port)) || ours.Client.Addr().Is4In6() || ours.Client.Port() == 0 {
		t.Fatalf("client %v, the library says %v", ours.Client, from)
	}
	tlvs, err := theirs.TLVs()
	if err != nil {
		t.Fatalf("the library cannot split the TLVs: %v", err)
	}
	said := false
	for _, v := range tlvs {
		said = said || v.Type == proxyproto.PP2_TYPE_SSL && v.Value[0]&1 != 0
	}
	if ours.TLS != said {
		t.Fatalf("TLS %t, the library's TLVs say %t", ours.TLS, said)
	}
	if binary.Size(theirs.Version) != 1 || theirs.Version == 1 && ours.TLS {
		t.Fatal("version 1 cannot say TLS")
	}
}
