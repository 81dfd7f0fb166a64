package ftd_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/tradefront/tradefront/internal/ftd"
)

func TestFieldRoundTrip(t *testing.T) {
	for _, fid := range knownFIDs {
		k := kinds[fid]
		t.Run(fid.String(), rapid.MakeCheck(func(t *rapid.T) {
			sent := k.draw(t)
			prefix := blob(t, 0, 10)
			data := fieldData(t, prefix, fid, sent)
			want := k.minLen
			if fid == ftd.FIDLoginResponse {
				want += 158 // what newer fronts add at its end
			}
			if step := toTheEnd[fid]; len(data) < want || len(data) > want && (step == 0 || (len(data)-want)%step != 0) {
				t.Fatalf("%v takes %d bytes, want %d", fid, len(data), want)
			}
			got := k.fresh()
			if err := got.Decode(data); err != nil {
				t.Fatal(err)
			}
			same(t, sent, got)
			if toTheEnd[fid] == 0 {
				longer := append(bytes.Clone(data), blob(t, 1, 20)...)
				got = k.fresh()
				if err := got.Decode(longer); err != nil {
					t.Fatalf("a longer field: %v", err)
				}
				same(t, sent, got)
			}
			short := data[:rapid.IntRange(0, k.minLen-1).Draw(t, "short")]
			if err := k.fresh().Decode(short); err != ftd.FaultFieldShort {
				t.Fatalf("%d bytes: error %v, want %v", len(short), err, ftd.FaultFieldShort)
			}
		}))
	}
}

// fieldData encodes f behind prefix and takes its data out again.
func fieldData(t *rapid.T, prefix []byte, fid ftd.FID, f field) []byte {
	e := ftd.Begin(prefix, ftd.TIDUserLogin)
	kinds[fid].encode(&e, f)
	out, err := e.End()
	if err != nil {
		t.Fatalf("%+v: %v", f, err)
	}
	if !bytes.HasPrefix(out, prefix) {
		t.Fatal("the caller's bytes were changed")
	}
	m := decodeWhole(t, out[len(prefix):])
	data, ok := m.Field(fid)
	if !ok {
		t.Fatalf("no %v in the message", fid)
	}
	return data
}

// decodeWhole wants wire to be exactly one FTDC frame with a message.
func decodeWhole(t *rapid.T, wire []byte) ftd.Message {
	frame, n, err := ftd.DecodeFrame(wire, ftd.MaxBodyLen)
	if err != nil || n != len(wire) || frame.Type != ftd.FrameFTDC || len(frame.Ext) != 0 {
		t.Fatalf("frame %+v, %d of %d bytes, err %v", frame, n, len(wire), err)
	}
	m, err := ftd.DecodeMessage(frame.Body)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func same(t *rapid.T, want, got any) {
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatal(diff)
	}
}

func TestMessageRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tid := ftd.TID(rapid.Uint32().Draw(t, "tid"))
		fids := rapid.Permutation(knownFIDs).Draw(t, "order")
		fids = fids[:rapid.IntRange(0, len(fids)).Draw(t, "fields")]
		want := make([]field, len(fids))
		e := ftd.Begin(nil, tid)
		for i, fid := range fids {
			want[i] = kinds[fid].draw(t)
			kinds[fid].encode(&e, want[i])
		}
		wire, err := e.End()
		if err != nil {
			t.Fatal(err)
		}
		m := decodeWhole(t, wire)
		if m.TID != tid || m.SequenceSeries != 0 || m.SequenceNumber != 0 {
			t.Fatalf("header came back as %v, %d, %d", m.TID, m.SequenceSeries, m.SequenceNumber)
		}
		rest := m.Fields
		for i, fid := range fids {
			var id ftd.FID
			var data []byte
			id, data, rest = rest.Next()
			if id != fid {
				t.Fatalf("field %d is %v, want %v", i, id, fid)
			}
			got := kinds[fid].fresh()
			if err := got.Decode(data); err != nil {
				t.Fatal(err)
			}
			same(t, want[i], got)
		}
		if len(rest) != 0 {
			t.Fatalf("%d bytes left over", len(rest))
		}
	})
}

// TestChunking: however TCP cuts the stream, the same frames come out of it.
func TestChunking(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Custom(drawFrame), 0, 8).Draw(t, "frames")
		var stream []byte
		for _, f := range want {
			var err error
			if stream, err = ftd.AppendFrame(stream, f.Type, f.Ext, f.Body); err != nil {
				t.Fatal(err)
			}
		}
		var got []ftd.Frame
		var buf []byte
		for len(stream) > 0 {
			n := rapid.IntRange(1, min(len(stream), 40)).Draw(t, "chunk")
			buf = append(buf, stream[:n]...)
			stream = stream[n:]
			for {
				f, n, err := ftd.DecodeFrame(buf, ftd.MaxBodyLen)
				if err != nil {
					t.Fatal(err)
				}
				if n == 0 {
					break
				}
				got = append(got, ftd.Frame{Type: f.Type, Ext: bytes.Clone(f.Ext), Body: bytes.Clone(f.Body)})
				buf = buf[n:]
			}
		}
		if len(buf) != 0 {
			t.Fatalf("%d bytes left over", len(buf))
		}
		same(t, want, got)
	})
}

func drawFrame(t *rapid.T) ftd.Frame {
	var ext ftd.Extension
	for range rapid.IntRange(0, 4).Draw(t, "tlvs") {
		data := blob(t, 0, 29)
		ext = append(ext, rapid.Byte().Draw(t, "tag"), byte(len(data)))
		ext = append(ext, data...)
	}
	return ftd.Frame{Type: ftd.FrameType(rapid.Byte().Draw(t, "type")), Ext: ext, Body: blob(t, 0, 100)}
}
