package ftd

import "encoding/binary"

// Lengths in bytes (docs/protocol.md, sections 1 and 2).
const (
	FrameHeaderLen = 4
	MaxExtLen      = 127
	MaxBodyLen     = 4096
)

// FrameType is the first byte of a frame.
type FrameType uint8

// The frame types of the standard. A frame of any other type is well-formed too: a
// receiver discards it.
const (
	FrameNone       FrameType = 0x00 // link management, such as a heartbeat
	FrameFTDC       FrameType = 0x01 // the body is a Message
	FrameCompressed FrameType = 0x02 // not supported here: a receiver discards and counts it
)

// Word is the name of a frame type in metrics: snake_case, stable.
func (t FrameType) Word() string {
	switch t {
	case FrameNone:
		return "none"
	case FrameFTDC:
		return "ftdc"
	case FrameCompressed:
		return "compressed"
	}
	return "unknown"
}

// DiscardedWords lists the names of all frame types that a receiver discards, so that a
// metric can show those that never came as 0.
func DiscardedWords() []string { return []string{FrameCompressed.Word(), frameUnknown.Word()} }

// frameUnknown is any type that the standard does not name.
const frameUnknown FrameType = 0xFF

// Frame is what is between two frame boundaries. Ext and Body alias the input of
// DecodeFrame.
type Frame struct {
	Type FrameType
	Ext  Extension
	Body []byte
}

// IsHeartbeat reports whether f is a heartbeat: a frame of type None that carries
// TagKeepAlive. An FTDC frame with that tag still is a message, not a heartbeat.
func (f Frame) IsHeartbeat() bool {
	if f.Type != FrameNone {
		return false
	}
	_, ok := f.Ext.Lookup(TagKeepAlive)
	return ok
}

// DecodeFrame takes the first frame off buf; n is its whole length in bytes. With n == 0
// and err == nil the frame is incomplete: call again with more bytes at the end of buf.
//
// A body over maxBody (at most MaxBodyLen counts) is FaultBodyLong and an extension
// header over MaxExtLen is FaultExtLong; both are known after FrameHeaderLen bytes and
// reported then, so that no receiver waits for bytes that it will refuse. FaultTLVOverrun is
// the third and last error. Frames of unknown or Compressed type are returned: the
// caller discards and counts them.
func DecodeFrame(buf []byte, maxBody int) (f Frame, n int, err error) {
	if len(buf) < FrameHeaderLen {
		return Frame{}, 0, nil
	}
	extLen := int(buf[1])
	bodyLen := int(binary.BigEndian.Uint16(buf[2:]))
	if extLen > MaxExtLen {
		return Frame{}, 0, FaultExtLong
	}
	if bodyLen > min(maxBody, MaxBodyLen) {
		return Frame{}, 0, FaultBodyLong
	}
	bodyAt := FrameHeaderLen + extLen
	n = bodyAt + bodyLen
	if len(buf) < n {
		return Frame{}, 0, nil
	}
	ext := Extension(buf[FrameHeaderLen:bodyAt:bodyAt])
	if !ext.valid() {
		return Frame{}, 0, FaultTLVOverrun
	}
	return Frame{Type: FrameType(buf[0]), Ext: ext, Body: buf[bodyAt:n:n]}, n, nil
}

// AppendFrame appends a frame to dst. It refuses what DecodeFrame would: FaultExtLong,
// FaultBodyLong and FaultTLVOverrun; then dst is returned as it was.
func AppendFrame(dst []byte, t FrameType, ext, body []byte) ([]byte, error) {
	switch {
	case len(ext) > MaxExtLen:
		return dst, FaultExtLong
	case len(body) > MaxBodyLen:
		return dst, FaultBodyLong
	case !Extension(ext).valid():
		return dst, FaultTLVOverrun
	}
	dst = append(dst, byte(t), byte(len(ext)))
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(body)))
	dst = append(dst, ext...)
	return append(dst, body...), nil
}

// AppendHeartbeat appends a heartbeat frame, 6 bytes, to dst.
func AppendHeartbeat(dst []byte) []byte {
	return append(dst, byte(FrameNone), 2, 0, 0, byte(TagKeepAlive), 0)
}
