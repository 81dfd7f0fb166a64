package ftd

import (
	"encoding/binary"
	"math"
	"strconv"
)

// Encoder builds one FTDC frame with one message in it, ready to be sent:
//
//	e := ftd.Begin(buf[:0], ftd.TIDUserLogin)
//	e.LoginResponse(&response)
//	e.Error(&ok)
//	frame, err := e.End()
//
// Fields are in the order of the calls. The first error is kept, and End returns it. With
// enough room in dst nothing is allocated.
type Encoder struct {
	buf   []byte
	start int // where the frame begins: buf[:start] is the caller's
	body  int // where the message begins
	count uint16
	seen  fidSet
	fid   FID // the field that is being written
	err   error
}

// Begin appends the start of a frame to dst: frame header, no extension, message
// header with sequence series and number 0. Lengths and count are filled in by End.
func Begin(dst []byte, tid TID) Encoder {
	e := Encoder{buf: append(dst, byte(FrameFTDC), 0, 0, 0), start: len(dst)}
	e.beginMessage(tid)
	return e
}

// BeginSession is Begin for a frame of the link to a core: its extension has the session's tag.
func BeginSession(dst []byte, tid TID, tag SessionTag) Encoder {
	e := Encoder{buf: appendSessionHeader(dst, tag, 0), start: len(dst)}
	e.beginMessage(tid)
	return e
}

func (e *Encoder) beginMessage(tid TID) {
	e.body = len(e.buf)
	e.buf = append(e.buf, messageVersion)
	e.buf = binary.BigEndian.AppendUint32(e.buf, uint32(tid))
	e.buf = append(e.buf, ChainSingle)
	e.buf = append(e.buf, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) // series, number, count, content length
}

// Sequence sets the series and number of the message, which are 0 without it.
func (e *Encoder) Sequence(series uint16, number uint32) {
	message := e.buf[e.body:]
	binary.BigEndian.PutUint16(message[6:], series)
	binary.BigEndian.PutUint32(message[8:], number)
}

// End completes the frame and returns dst with the frame appended. The error is the
// first that happened: *FieldError for an item that is too long or illegal,
// FaultBodyLong for a body over MaxBodyLen, FaultFieldTwice. On error the returned slice
// is dst as it was.
func (e *Encoder) End() ([]byte, error) {
	if e.err != nil {
		return e.buf[:e.start], e.err
	}
	message := e.buf[e.body:]
	binary.BigEndian.PutUint16(e.buf[e.start+2:], uint16(len(message)))
	binary.BigEndian.PutUint16(message[12:], e.count)
	binary.BigEndian.PutUint16(message[14:], uint16(len(message)-MessageHeaderLen))
	return e.buf, nil
}

// begin starts the field fid of dataLen bytes, which the caller then writes to the last
// byte. It reports false if the field must not be written.
func (e *Encoder) begin(fid FID, dataLen int) bool {
	if e.err != nil {
		return false
	}
	if len(e.buf)-e.body+FieldHeaderLen+dataLen > MaxBodyLen {
		e.err = FaultBodyLong
		return false
	}
	if place, known := fid.place(true); known && e.seen.add(place) {
		e.err = FaultFieldTwice
		return false
	}
	e.fid = fid
	e.count++
	e.buf = binary.BigEndian.AppendUint32(e.buf, uint32(fid))
	e.buf = binary.BigEndian.AppendUint16(e.buf, uint16(dataLen))
	return true
}

// Raw appends a field as it came: its data are not looked at. The FID's own rule that a message has it once holds.
func (e *Encoder) Raw(fid FID, data []byte) {
	if e.begin(fid, len(data)) {
		e.raw(data)
	}
}

// raw writes item types b<n> and b*.
func (e *Encoder) raw(b []byte) { e.buf = append(e.buf, b...) }

// char writes item type c1.
func (e *Encoder) char(c byte) { e.buf = append(e.buf, c) }

// uint16 writes item type w2.
func (e *Encoder) uint16(v uint16) { e.buf = binary.BigEndian.AppendUint16(e.buf, v) }

// int32 writes item type i4.
func (e *Encoder) int32(v int32) { e.buf = binary.BigEndian.AppendUint32(e.buf, uint32(v)) }

// text writes item type s<n>. A text that would not come back the same is refused.
func (e *Encoder) text(item string, n int, s []byte) {
	if len(s) > n {
		e.fail(item, "longer than "+strconv.Itoa(n)+" bytes")
		return
	}
	if p := textProblem(s); p != "" {
		e.fail(item, p)
		return
	}
	if len(s) > 0 && s[len(s)-1] == ' ' {
		e.fail(item, "ends in a space, which a receiver takes for padding")
		return
	}
	e.buf = append(e.buf, s...)
	e.pad(' ', n-len(s))
}

// number writes item type n<n>: n decimal digits, zero-padded.
func (e *Encoder) number(item string, n, v int) {
	var scratch [20]byte
	digits := strconv.AppendInt(scratch[:0], int64(v), 10)
	if v < 0 || len(digits) > n {
		e.fail(item, "not a number of up to "+strconv.Itoa(n)+" digits")
		return
	}
	e.pad('0', n-len(digits))
	e.buf = append(e.buf, digits...)
}

// decimalText writes a number as an s<n>: digits, then spaces. The bounds are those of
// the reader.
func (e *Encoder) decimalText(item string, n, v int) {
	switch {
	case v < 0:
		e.fail(item, "negative number")
		return
	case v > math.MaxInt32:
		e.fail(item, "number too large")
		return
	}
	var scratch [20]byte
	e.text(item, n, strconv.AppendInt(scratch[:0], int64(v), 10))
}

func (e *Encoder) pad(c byte, n int) {
	for range n {
		e.buf = append(e.buf, c)
	}
}

func (e *Encoder) fail(item, problem string) {
	if e.err == nil {
		e.err = &FieldError{FID: e.fid, Item: item, Problem: problem}
	}
}
