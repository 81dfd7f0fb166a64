package store

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// ErrAltered says that a row of the local store is not the record that was appended. Its checksum says
// so, or it cannot be a record at all.
var ErrAltered = errors.New("store: the record was altered in the local store's file")

// castagnoli is the table of CRC-32C, which the first call makes: a start does without.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// Checksum is the CRC-32C over all fields of a record, each text and ciphertext with its length
// before it. The local store keeps it in a column from the append until the row leaves, so its
// definition must never change. It finds what disk and memory do to a file; it does not protect
// against a person who can write to the file.
func (r *Record) Checksum() uint32 {
	var room [256]byte // enough for every field but the ciphertexts
	b := append(room[:0], r.ID[:]...)
	number := func(n int64) { b = binary.BigEndian.AppendUint64(b, uint64(n)) }
	text := func(s string) { number(int64(len(s))); b = append(b, s...) }
	number(int64(r.TradingDay))
	number(r.LoginTime.Unix())
	text(r.VendorID)
	text(r.KeyVersion)
	number(int64(r.Flag))
	text(string(r.AppID))
	text(string(r.Account))
	number(int64(r.UserType))
	number(int64(r.FrontID))
	number(int64(r.SessionID))
	if r.Provisional {
		number(1)
	} else {
		number(0)
	}
	if r.RelayAppID != "" { // else as before there were relays
		text(string(r.RelayAppID))
		number(int64(r.RelayMode))
		number(r.VisitTime.Unix())
		number(r.RelayLoginTime.Unix())
		if len(r.RelaySealed) > 0 {
			text(string(r.RelaySealed))
		}
	}
	number(int64(len(r.Terminal)))
	number(int64(len(r.Supplement)))
	sum := crc32.Update(0, castagnoli(), b)
	sum = crc32.Update(sum, castagnoli(), r.Terminal)
	return crc32.Update(sum, castagnoli(), r.Supplement)
}
