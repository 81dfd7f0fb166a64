package ftd

// Tag is the type of a TLV of the extension header.
type Tag uint8

// The tags of the standard, with the length of their data in bytes. Only TagKeepAlive
// means anything between terminal and front; the others are known by name and passed over like unknown ones.
const (
	TagNone           Tag = 0x00 // 0
	TagDatetime       Tag = 0x01 // 4
	TagCompressMethod Tag = 0x02 // 1
	TagSessionState   Tag = 0x03 // 1
	TagKeepAlive      Tag = 0x04 // 0
	TagTradeDate      Tag = 0x05 // 4
	TagTarget         Tag = 0x06 // 2

	// Those of the link to a trading core (docs/core.md).
	TagSession  Tag = 0x40 // 8: a SessionTag, on every frame of a session
	TagAudience Tag = 0x41 // 1: an Audience, on a broadcast
)

// tlvHeaderLen is one byte of tag and one of length.
const tlvHeaderLen = 2

// Extension is a run of TLVs (tag u8, length u8, data), validated by DecodeFrame; it
// aliases its input.
type Extension []byte

// Lookup returns the data of the first TLV with that tag. Data may be empty and still
// be there.
func (e Extension) Lookup(tag Tag) (data []byte, ok bool) {
	for len(e) > 0 {
		t, d, rest, whole := e.cut()
		if !whole {
			return nil, false
		}
		if t == tag {
			return d, true
		}
		e = rest
	}
	return nil, false
}

// valid reports whether the TLVs use up e exactly.
func (e Extension) valid() bool {
	for len(e) > 0 {
		_, _, rest, whole := e.cut()
		if !whole {
			return false
		}
		e = rest
	}
	return true
}

// cut takes the first TLV off e; whole is false if it reaches beyond e.
func (e Extension) cut() (tag Tag, data []byte, rest Extension, whole bool) {
	if len(e) < tlvHeaderLen {
		return 0, nil, nil, false
	}
	end := tlvHeaderLen + int(e[1])
	if len(e) < end {
		return 0, nil, nil, false
	}
	return Tag(e[0]), e[tlvHeaderLen:end:end], e[end:], true
}
