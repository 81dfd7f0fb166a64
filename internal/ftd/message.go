package ftd

import "encoding/binary"

// Lengths in bytes (docs/protocol.md, "Frame").
const (
	MessageHeaderLen = 16
	FieldHeaderLen   = 6
)

const messageVersion = 2

// Chain is the place of a message in a run of messages that are one (JR/T 0016). The front's own messages
// are single; a business message may be any of them.
const (
	ChainSingle = 'S'
	ChainFirst  = 'F'
	ChainMiddle = 'C'
	ChainLast   = 'L'
)

// Header is that of any message: all that a front looks at of a message that it passes on.
type Header struct {
	TID            TID
	Chain          byte // one of the constants
	SequenceSeries uint16
	SequenceNumber uint32
}

// DecodeHeader reads the header of the body of an FTDC frame, and looks at nothing behind it but the length.
// The error is a Fault.
func DecodeHeader(body []byte) (Header, error) {
	switch {
	case len(body) < MessageHeaderLen:
		return Header{}, FaultMessageShort
	case len(body) > MaxBodyLen:
		return Header{}, FaultBodyLong
	case body[0] != messageVersion:
		return Header{}, FaultVersion
	case !isChain(body[5]):
		return Header{}, FaultChain
	case int(binary.BigEndian.Uint16(body[14:])) != len(body)-MessageHeaderLen:
		return Header{}, FaultContentLength
	}
	return Header{
		TID: TID(binary.BigEndian.Uint32(body[1:])), Chain: body[5],
		SequenceSeries: binary.BigEndian.Uint16(body[6:]), SequenceNumber: binary.BigEndian.Uint32(body[8:]),
	}, nil
}

func isChain(c byte) bool {
	return c == ChainSingle || c == ChainFirst || c == ChainMiddle || c == ChainLast
}

// Message is the body of an FTDC frame. Fields aliases the input of DecodeMessage. The
// sequence series and number are as they came: the session judges them.
type Message struct {
	TID            TID
	Fields         Fields
	SequenceSeries uint16
	SequenceNumber uint32
}

// DecodeMessage reads the body of an FTDC frame. It accepts any TID and any FIDs, and
// of the known FIDs each once at most, but in RequestCode, whose fields a core and its terminals agree on. In a front's own message no
// known field is too short, whether or not the message uses it; who reads one of a business message or of the link judges it: there a
// short one does not end the link.
// The error is a Fault.
func DecodeMessage(body []byte) (Message, error) {
	h, err := DecodeHeader(body)
	switch {
	case err != nil:
		return Message{}, err
	case h.Chain != ChainSingle:
		return Message{}, FaultChain
	}
	m := Message{
		TID: h.TID, Fields: Fields(body[MessageHeaderLen:]),
		SequenceSeries: h.SequenceSeries, SequenceNumber: h.SequenceNumber,
	}
	if err := m.Fields.check(int(binary.BigEndian.Uint16(body[12:])), m.TID); err != nil {
		return Message{}, err
	}
	return m, nil
}

// Field returns the data of the field fid, and whether the message has it. Of an
// unknown FID that is present more than once it is the first.
func (m Message) Field(fid FID) ([]byte, bool) {
	for f := m.Fields; len(f) > 0; {
		id, data, rest := f.Next()
		if id == fid {
			return data, true
		}
		f = rest
	}
	return nil, false
}

// Fields is a run of fields (FID u32, length u16, data), validated by DecodeMessage; it
// aliases its input. Walk it with
//
//	for f := m.Fields; len(f) > 0; {
//		fid, data, rest := f.Next()
//		…
//		f = rest
//	}
type Fields []byte

// Next takes the first field off f. At the end of f all three results are zero.
func (f Fields) Next() (fid FID, data []byte, rest Fields) {
	fid, data, rest, _ = f.cut()
	return fid, data, rest
}

// check walks count fields of a message and wants them to use up f exactly.
func (f Fields) check(count int, tid TID) error {
	var seen fidSet
	link, fronts := tid.link(), !tid.link() && !tid.Business()
	for ; count > 0; count-- {
		if len(f) == 0 {
			return FaultFieldCount
		}
		fid, data, rest, whole := f.cut()
		if !whole {
			return FaultFieldOverrun
		}
		switch place, known := fid.place(link); {
		case !known, tid == TIDRequestCode: // whose fields are the core's
		case seen.add(place):
			return FaultFieldTwice
		case fronts && len(data) < leastLens[place]:
			return FaultFieldShort
		}
		f = rest
	}
	if len(f) > 0 {
		return FaultFieldCount
	}
	return nil
}

// cut takes the first field off f; whole is false if it reaches beyond f.
func (f Fields) cut() (fid FID, data []byte, rest Fields, whole bool) {
	if len(f) < FieldHeaderLen {
		return 0, nil, nil, false
	}
	end := FieldHeaderLen + int(binary.BigEndian.Uint16(f[4:]))
	if len(f) < end {
		return 0, nil, nil, false
	}
	return FID(binary.BigEndian.Uint32(f)), f[FieldHeaderLen:end:end], f[end:], true
}
