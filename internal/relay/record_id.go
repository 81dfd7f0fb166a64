package relay

import (
	"crypto/sha256"
	"time"

	"github.com/google/uuid"
)

// SubmitID is the text of a UUIDv7 that a relay draws once for each submission.
type SubmitID uuid.UUID

// ParseSubmitID reads one. Only the usual text in lower case is one: two texts of one value would be two contents.
func ParseSubmitID(text []byte) (id SubmitID, ok bool) {
	const length = 36
	if len(text) != length {
		return id, false
	}
	n := 0
	for i, c := range text {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return id, false
			}
			continue
		}
		digit, isHex := hexDigit(c)
		if !isHex {
			return id, false
		}
		id[n/2] = id[n/2]<<4 | digit
		n++
	}
	return id, id[6]>>4 == 7 && id[8]>>6 == 0b10
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}

func (id SubmitID) String() string { return uuid.UUID(id).String() }

// Time is when the relay drew it, in milliseconds.
func (id SubmitID) Time() time.Time {
	var ms int64
	for _, b := range id[:6] {
		ms = ms<<8 | int64(b)
	}
	return time.UnixMilli(ms)
}

// recordDomain keeps the digests apart from those of any other use.
const recordDomain = "tradefront relay record 1\x00"

// maxAppID is the width of an AppID on the wire.
const maxAppID = 30

// RecordID is that of a submission: a UUIDv8 made of its milliseconds and of what was submitted. The same submission has
// the same one at every front and after every crash, so that the store keeps one record of it; other content has another,
// and a relay cannot aim at the record of another one, for its own AppID is in the digest.
//
// content is SubmitRequest without Attempt, RelayedTerminal and TerminalInfo, as they were sent.
func RecordID(relayAppID []byte, id SubmitID, content []byte) uuid.UUID {
	h := sha256.New()
	var head [len(recordDomain) + maxAppID]byte
	for i := copy(head[:], recordDomain) + copy(head[len(recordDomain):], relayAppID); i < len(head); i++ {
		head[i] = ' '
	}
	_, _ = h.Write(head[:]) // a hash never fails
	_, _ = h.Write(content)
	var digest [sha256.Size]byte
	h.Sum(digest[:0])

	record := uuid.UUID(id)
	copy(record[6:], digest[:10])
	record[6] = 0x80 | record[6]&0x0F
	record[8] = 0x80 | record[8]&0x3F
	return record
}
