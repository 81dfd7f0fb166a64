package relayreport

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"github.com/google/uuid"
)

// An accepted line in the first sort, integers big-endian:
//
//	RecordID 16 | arrival in milliseconds since 1970 8 | bits 1 | 异常标识 1 | address 16 | port 2 | login time in seconds 8 | four texts
//
// A text is its length in a byte and its bytes. Equal lines of two files, as overlapping copies of a log have them, are equal here.
const (
	bitSubmitted = 1 << iota
	bitAgain
	bitReplayed
	bitAddress
	bitIPv4
	bitUnlisted
)

const answerFixed = 16 + 8 + 1 + 1 + 16 + 2 + 8

var errAnswer = errors.New("damaged: an accepted line that cannot be read back")

func (t *told) append(dst []byte) []byte {
	var bits byte
	for i, on := range [...]bool{t.Submitted, t.Again, t.Replayed, t.Addr.IsValid(), t.Addr.Addr().Is4(), t.Unlisted} {
		if on {
			bits |= 1 << i // in the order of the constants
		}
	}
	dst = append(dst, t.ID[:]...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(t.At.UnixMilli()))
	dst = append(dst, bits, t.Flag)
	var addr [16]byte
	if t.Addr.IsValid() {
		addr = t.Addr.Addr().As16()
	}
	dst = binary.BigEndian.AppendUint16(append(dst, addr[:]...), t.Addr.Port())
	dst = binary.BigEndian.AppendUint64(dst, uint64(t.LoginTime.Unix()))
	for _, text := range []string{t.Relay, t.AppID, t.Account, t.Operator} {
		dst = append(append(dst, byte(len(text))), text...) // at most maxText
	}
	return dst
}

func (t *told) read(b []byte) error {
	if len(b) < answerFixed {
		return errAnswer
	}
	*t = told{ID: uuid.UUID(b[:16]), At: time.UnixMilli(int64(binary.BigEndian.Uint64(b[16:]))), Flag: b[25]}
	bits := b[24]
	t.Submitted, t.Again, t.Replayed = bits&bitSubmitted != 0, bits&bitAgain != 0, bits&bitReplayed != 0
	t.Unlisted = bits&bitUnlisted != 0
	if bits&bitAddress != 0 {
		addr := netip.AddrFrom16([16]byte(b[26:42]))
		if bits&bitIPv4 != 0 {
			addr = addr.Unmap()
		}
		t.Addr = netip.AddrPortFrom(addr, binary.BigEndian.Uint16(b[42:]))
	}
	t.LoginTime = time.Unix(int64(binary.BigEndian.Uint64(b[44:])), 0)
	rest := b[answerFixed:]
	for _, into := range []*string{&t.Relay, &t.AppID, &t.Account, &t.Operator} {
		if len(rest) == 0 || len(rest) < 1+int(rest[0]) {
			return errAnswer
		}
		*into, rest = string(rest[1:1+int(rest[0])]), rest[1+int(rest[0]):]
	}
	return nil
}
