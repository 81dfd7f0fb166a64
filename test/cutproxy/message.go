package cutproxy

import (
	"bytes"
	"encoding/binary"
	"io"
)

// maxMessage is the length of the longest message.
const maxMessage = 64 << 20

// readMessage reads one message of PostgreSQL's protocol: a byte of type, unless the connection
// has not begun, four of length, the body.
func readMessage(r io.Reader, begun bool) ([]byte, error) {
	typed := 0
	if begun {
		typed = 1
	}
	head := make([]byte, typed+4)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[typed:])
	if n < 4 || n > maxMessage {
		return nil, io.ErrUnexpectedEOF
	}
	m := make([]byte, typed+int(n))
	_, err := io.ReadFull(r, m[copy(m, head):])
	return m, err
}

// isStartup reports whether the messages that follow have a type. Before it a client may ask for
// TLS, by a code instead of a version.
func isStartup(m []byte) bool {
	const version3, codes = 3 << 16, 1234 << 16
	return len(m) >= 8 && binary.BigEndian.Uint32(m[4:]) >= version3 && binary.BigEndian.Uint32(m[4:]) < codes
}

// carriesRecords: CopyData, or a Bind that is too long for anything else.
func carriesRecords(m []byte) bool { return m[0] == 'd' || m[0] == 'B' && len(m) > 600 }

func isCommit(m []byte) bool {
	return m[0] == 'Q' && bytes.EqualFold(bytes.TrimRight(m[5:], "\x00"), []byte("commit"))
}
