package ftd_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tradefront/tradefront/internal/ftd"
)

// exact is b with nothing behind it: a read beyond it panics. poisoned is b with bytes
// behind it that must make no difference.
func exact(b []byte) []byte { return bytes.Clone(b)[:len(b):len(b)] }

func poisoned(b []byte) []byte {
	return append(append(make([]byte, 0, len(b)+64), b...), bytes.Repeat([]byte{0xA5}, 64)...)[:len(b)]
}

func FuzzDecodeFrame(f *testing.F) {
	for _, v := range append(vectors(f), linkVectors(f)...) {
		f.Add(v.bytes, uint16(ftd.MaxBodyLen))
	}
	f.Fuzz(func(t *testing.T, data []byte, maxBody uint16) {
		in := exact(data)
		frame, n, err := ftd.DecodeFrame(in, int(maxBody))
		again, n2, err2 := ftd.DecodeFrame(poisoned(data), int(maxBody))
		if n != n2 || err != err2 || !cmp.Equal(frame, again, cmpopts.EquateEmpty()) {
			t.Fatalf("bytes behind the slice matter: %+v %d %v, %+v %d %v", frame, n, err, again, n2, err2)
		}
		if !bytes.Equal(in, data) {
			t.Fatal("input was changed")
		}
		if n == 0 {
			return
		}
		if err != nil || n > len(data) || len(frame.Body) > min(int(maxBody), ftd.MaxBodyLen) {
			t.Fatalf("%d of %d bytes, body of %d, err %v", n, len(data), len(frame.Body), err)
		}
		wire, err := ftd.AppendFrame(nil, frame.Type, frame.Ext, frame.Body)
		if err != nil || !bytes.Equal(wire, data[:n]) {
			t.Fatalf("% x encodes to % x, %v", data[:n], wire, err)
		}
		for cut := range n {
			if _, m, err := ftd.DecodeFrame(data[:cut], int(maxBody)); m != 0 || err != nil {
				t.Fatalf("%d of %d bytes: %d, %v", cut, n, m, err)
			}
		}
	})
}

func FuzzDecodeMessage(f *testing.F) {
	for _, v := range append(vectors(f), linkVectors(f)...) {
		if frame, n, err := ftd.DecodeFrame(v.bytes, ftd.MaxBodyLen); n > 0 && err == nil {
			f.Add(frame.Body)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in := exact(data)
		m, err := ftd.DecodeMessage(in)
		again, err2 := ftd.DecodeMessage(poisoned(data))
		if err != err2 || !cmp.Equal(m, again, cmpopts.EquateEmpty()) {
			t.Fatalf("bytes behind the slice matter: %+v %v, %+v %v", m, err, again, err2)
		}
		if !bytes.Equal(in, data) {
			t.Fatal("input was changed")
		}
		if err != nil {
			if _, ok := err.(ftd.Fault); !ok {
				t.Fatalf("error %T", err)
			}
			return
		}
		if got := rebuild(m); !bytes.Equal(got, data) {
			t.Fatalf("% x came back as % x", data, got)
		}
	})
}

// rebuild writes m as it must have been.
func rebuild(m ftd.Message) []byte {
	var fields []rawField
	for f := m.Fields; len(f) > 0; {
		fid, data, rest := f.Next()
		fields = append(fields, rawField{fid, data})
		f = rest
	}
	b := body(m.TID, fields...)
	binary.BigEndian.PutUint16(b[6:], m.SequenceSeries)
	binary.BigEndian.PutUint32(b[8:], m.SequenceNumber)
	return b
}

// FuzzFields decodes data as the field that which picks, encodes what came of it, and
// wants the same again.
func FuzzFields(f *testing.F) {
	for i, fid := range knownFIDs {
		f.Add(uint8(i), bytes.Repeat([]byte("0"), kinds[fid].minLen))
		f.Add(uint8(i), bytes.Repeat([]byte(" "), kinds[fid].minLen-1))
	}
	for _, v := range append(vectors(f), linkVectors(f)...) {
		frame, _, _ := ftd.DecodeFrame(v.bytes, ftd.MaxBodyLen)
		m, _ := ftd.DecodeMessage(frame.Body)
		for i, fid := range knownFIDs {
			if data, ok := m.Field(fid); ok {
				f.Add(uint8(i), data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		fid := knownFIDs[int(which)%len(knownFIDs)]
		k := kinds[fid]
		in := exact(data)
		got := k.fresh()
		err := got.Decode(in)
		if !bytes.Equal(in, data) {
			t.Fatal("input was changed")
		}
		short := len(data) < k.minLen
		if fid == ftd.FIDResumePoints || fid == ftd.FIDResumeSession { // a run that ends within a point is short too
			short = short || (len(data)-k.minLen)%6 != 0
		}
		if (err == ftd.FaultFieldShort) != short {
			t.Fatalf("%d bytes, at least %d wanted: %v", len(data), k.minLen, err)
		}
		if err != nil {
			checkFieldFault(t, fid, err)
			return
		}
		e := ftd.Begin(nil, ftd.TIDUserLogin)
		k.encode(&e, got)
		wire, err := e.End()
		if err == ftd.FaultBodyLong && len(data) > ftd.MaxBodyLen-ftd.MessageHeaderLen-ftd.FieldHeaderLen {
			return
		}
		if err != nil {
			t.Fatalf("%+v was decoded and cannot be encoded: %v", got, err)
		}
		m, err := ftd.DecodeMessage(wire[ftd.FrameHeaderLen:])
		if err != nil {
			t.Fatal(err)
		}
		encoded, _ := m.Field(fid)
		again := k.fresh()
		if err := again.Decode(encoded); err != nil || !cmp.Equal(got, again, cmpopts.EquateEmpty()) {
			t.Fatalf("%+v came back as %+v, %v", got, again, err)
		}
	})
}

func checkFieldFault(t *testing.T, fid ftd.FID, err error) {
	switch e := err.(type) {
	case ftd.Fault:
		if e != ftd.FaultFieldShort {
			t.Fatalf("a field cannot have the fault %v", e)
		}
	case *ftd.FieldError:
		if e.FID != fid || e.Item == "" || e.Problem == "" {
			t.Fatalf("%+v", e)
		}
	default:
		t.Fatalf("error %T", err)
	}
}

// FuzzLinkFrame reads a frame as the receivers of a link do: the tags and the header of what is business.
func FuzzLinkFrame(f *testing.F) {
	for _, v := range linkVectors(f) {
		f.Add(v.bytes)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in := exact(data)
		frame, n, err := ftd.DecodeFrame(in, ftd.MaxBodyLen)
		if n == 0 || err != nil {
			return
		}
		tag, tagged := frame.Ext.Session()
		to, broadcast := frame.Ext.Audience()
		h, err := ftd.DecodeHeader(frame.Body)
		again, err2 := ftd.DecodeHeader(poisoned(frame.Body))
		if h != again || err != err2 || !bytes.Equal(in, data) {
			t.Fatalf("bytes behind the body matter: %+v %v, %+v %v", h, err, again, err2)
		}
		if m, whole := ftd.DecodeMessage(frame.Body); whole == nil && (err != nil || m.TID != h.TID || h.Chain != ftd.ChainSingle) {
			t.Fatalf("message %v, header %+v, %v", m.TID, h, err)
		}
		if err != nil || frame.Type != ftd.FrameFTDC {
			return
		}
		if tagged {
			wantFrame(t, ftd.AppendSessionFrame(nil, tag, frame.Body), frame.Body)
		}
		if broadcast {
			wantFrame(t, ftd.AppendBroadcast(nil, to, frame.Body), frame.Body)
		}
	})
}

// wantFrame wants wire to be one frame with that body.
func wantFrame(t *testing.T, wire, body []byte) {
	t.Helper()
	frame, n, err := ftd.DecodeFrame(wire, ftd.MaxBodyLen)
	if err != nil || n != len(wire) || !bytes.Equal(frame.Body, body) {
		t.Fatalf("% x: %d bytes, %v", wire, n, err)
	}
}
