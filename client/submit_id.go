package client

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"
)

// SubmitID names a submission of an operator relay: a UUID of version 7, drawn once and kept until the front answered.
// The front judges its time, so the relay's clock must be right.
type SubmitID [16]byte

// What a front takes of a SubmitID's time, against its own clock, unless its operator set other bounds.
const (
	SubmitIDMaxAge   = 15 * time.Minute
	SubmitIDMaxAhead = 60 * time.Second
)

const submitIDLen = 36

var errSubmitID = errors.New("client: a SubmitID is a UUID of version 7 in lower-case text, 36 bytes")

// NewSubmitID draws one.
func NewSubmitID(now time.Time) SubmitID {
	var id SubmitID
	_, _ = rand.Read(id[6:]) // it does not fail: the program ends if the system has no randomness
	ms := uint64(now.UnixMilli())
	binary.BigEndian.PutUint16(id[0:], uint16(ms>>32))
	binary.BigEndian.PutUint32(id[2:], uint32(ms))
	id[6] = id[6]&0x0F | 0x70
	id[8] = id[8]&0x3F | 0x80
	return id
}

// ParseSubmitID reads the text of the wire.
func ParseSubmitID(text string) (SubmitID, error) { return parseSubmitID([]byte(text)) }

func parseSubmitID(text []byte) (id SubmitID, err error) {
	if len(text) != submitIDLen || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return SubmitID{}, errSubmitID
	}
	var digits [32]byte
	n := 0
	for i, c := range text {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			continue
		}
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return SubmitID{}, errSubmitID
		}
		digits[n] = c
		n++
	}
	_, _ = hex.Decode(id[:], digits[:]) // only hex digits are left
	if id[6]>>4 != 7 || id[8]>>6 != 2 {
		return SubmitID{}, errSubmitID
	}
	return id, nil
}

// Time is when the ID was drawn, in whole milliseconds.
func (id SubmitID) Time() time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(append([]byte{0, 0}, id[:6]...))))
}

func (id SubmitID) String() string {
	var text [submitIDLen]byte
	id.put(text[:])
	return string(text[:])
}

// put writes the text into dst, which has room for it.
func (id *SubmitID) put(dst []byte) {
	at := 0
	for i, b := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst[at] = '-'
			at++
		}
		const digits = "0123456789abcdef"
		dst[at], dst[at+1] = digits[b>>4], digits[b&0x0F]
		at += 2
	}
}
