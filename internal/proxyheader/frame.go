package proxyheader

import (
	"bytes"
	"encoding/binary"
)

const (
	// MaxLen is the longest header in bytes. Version 2 could announce 64 KiB; a sender must
	// put the whole header into one segment, and 536 bytes fit into any. The longest that
	// HAProxy sends for us, with TLS version, cipher, SNI and a unique ID, has some 500.
	MaxLen = 536

	maxLine = 107 // version 1, section 2.1
	prefix  = 16  // version 2: signature, version and command, family, length
)

var (
	signature1 = []byte("PROXY ")
	signature2 = []byte("\r\n\r\n\x00\r\nQUIT\n")
)

// Frame finds the header at the beginning of buf: its length n, or 0 if more must come.
// An error is a Fault, and is returned as soon as the bytes show it.
func Frame(buf []byte) (n int, err error) {
	switch {
	case begins(buf, signature2):
		return frame2(buf)
	case begins(buf, signature1):
		return frame1(buf)
	}
	return 0, Absent
}

// begins reports whether buf begins with the signature, or may do so once more was received.
func begins(buf, signature []byte) bool {
	n := min(len(buf), len(signature))
	return bytes.Equal(buf[:n], signature[:n])
}

// frame1 looks for the end of the line.
func frame1(buf []byte) (int, error) {
	line := buf[:min(len(buf), maxLine)]
	switch end := bytes.IndexByte(line, '\n'); {
	case end < 0 && len(line) == maxLine:
		return 0, TooLong
	case end < 0:
		return 0, nil
	case line[end-1] != '\r': // end is at least the signature's length
		return 0, BadLine
	default:
		return end + 1, nil
	}
}

// frame2 adds the length that the header announces.
func frame2(buf []byte) (int, error) {
	if len(buf) < prefix {
		return 0, nil
	}
	n := prefix + int(binary.BigEndian.Uint16(buf[prefix-2:]))
	switch {
	case n > MaxLen:
		return 0, TooLong
	case n > len(buf):
		return 0, nil
	}
	return n, nil
}
