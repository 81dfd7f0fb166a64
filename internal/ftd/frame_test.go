package ftd_test

import (
	"bytes"
	"testing"

	"github.com/tradefront/tradefront/internal/ftd"
)

// TestDecodeFrameLimits: what is known after 4 bytes is an error after 4 bytes, and not before.
func TestDecodeFrameLimits(t *testing.T) {
	tests := []struct {
		name    string
		header  []byte
		maxBody int
		want    error
	}{
		{"longest extension", []byte{1, 127, 0, 0}, 4096, nil},
		{"extension over", []byte{1, 128, 0, 0}, 4096, ftd.FaultExtLong},
		{"extension far over", []byte{1, 255, 0, 0}, 4096, ftd.FaultExtLong},
		{"longest body", []byte{1, 0, 0x10, 0x00}, 4096, nil},
		{"body over", []byte{1, 0, 0x10, 0x01}, 4096, ftd.FaultBodyLong},
		{"longest body in force", []byte{1, 0, 0x02, 0x00}, 512, nil},
		{"body over the one in force", []byte{1, 0, 0x02, 0x01}, 512, ftd.FaultBodyLong},
		{"a limit above the standard's changes nothing", []byte{1, 0, 0x10, 0x01}, 65535, ftd.FaultBodyLong},
		{"no body allowed", []byte{1, 0, 0, 1}, 0, ftd.FaultBodyLong},
		{"other types have the limits too", []byte{0xEE, 0, 0x10, 0x01}, 4096, ftd.FaultBodyLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for cut := range tt.header {
				if f, n, err := ftd.DecodeFrame(tt.header[:cut], tt.maxBody); n != 0 || err != nil {
					t.Errorf("%d bytes: %+v, %d, %v; want incomplete", cut, f, n, err)
				}
			}
			if f, n, err := ftd.DecodeFrame(tt.header, tt.maxBody); n != 0 || err != tt.want {
				t.Errorf("%+v, %d, %v; want error %v", f, n, err, tt.want)
			}
		})
	}
}

func TestDecodeFrameTakesOne(t *testing.T) {
	stream := ftd.AppendHeartbeat(ftd.AppendHeartbeat(nil))
	f, n, err := ftd.DecodeFrame(stream, 0)
	if err != nil || n != 6 || !f.IsHeartbeat() {
		t.Fatalf("%+v, %d, %v; want one heartbeat of 6 bytes", f, n, err)
	}
	if !bytes.Equal(stream[:6], []byte{0, 2, 0, 0, 4, 0}) {
		t.Errorf("heartbeat is % x", stream[:6])
	}
}

// TestFrameCannotGrow: who appends to what a decoder returned must not overwrite the
// bytes of the next frame.
func TestFrameCannotGrow(t *testing.T) {
	wire, err := ftd.AppendFrame(nil, ftd.FrameFTDC, []byte{9, 0}, body(ftd.TIDUserLogout, rawField{0x9000, []byte("ab")}))
	if err != nil {
		t.Fatal(err)
	}
	f, n, err := ftd.DecodeFrame(append(wire, "next"...), ftd.MaxBodyLen)
	if err != nil || n != len(wire) {
		t.Fatal(n, err)
	}
	m, err := ftd.DecodeMessage(f.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, data, _ := m.Fields.Next()
	for name, b := range map[string][]byte{"extension": f.Ext, "body": f.Body, "data": data} {
		if len(b) != cap(b) {
			t.Errorf("%s: length %d, capacity %d", name, len(b), cap(b))
		}
	}
}

func TestIsHeartbeat(t *testing.T) {
	tests := []struct {
		name string
		typ  ftd.FrameType
		ext  []byte
		want bool
	}{
		{"the heartbeat", ftd.FrameNone, []byte{4, 0}, true},
		{"behind another tag", ftd.FrameNone, []byte{1, 4, 4, 0, 4, 0, 4, 0}, true},
		{"only inside another's data", ftd.FrameNone, []byte{1, 4, 4, 0, 4, 0}, false},
		{"no extension", ftd.FrameNone, nil, false},
		{"a message is none", ftd.FrameFTDC, []byte{4, 0}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := ftd.Frame{Type: tt.typ, Ext: tt.ext}
			if got := f.IsHeartbeat(); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestExtensionLookup(t *testing.T) {
	ext := ftd.Extension{5, 4, 1, 2, 3, 4, 0x7F, 0, 6, 2, 8, 9, 6, 1, 7}
	for _, tt := range []struct {
		tag  ftd.Tag
		data []byte
		ok   bool
	}{
		{ftd.TagTradeDate, []byte{1, 2, 3, 4}, true},
		{0x7F, []byte{}, true},
		{ftd.TagTarget, []byte{8, 9}, true}, // the first of two
		{ftd.TagKeepAlive, nil, false},
	} {
		if data, ok := ext.Lookup(tt.tag); ok != tt.ok || !bytes.Equal(data, tt.data) {
			t.Errorf("tag %d: % x, %v", tt.tag, data, ok)
		}
	}
	if data, ok := (ftd.Extension{4}).Lookup(ftd.TagKeepAlive); ok || data != nil {
		t.Error("half a TLV was found")
	}
}

func TestAppendFrameRefuses(t *testing.T) {
	dst := []byte("before")
	for _, tt := range []struct {
		name      string
		ext, body []byte
		want      error
	}{
		{"extension over", make([]byte, 128), nil, ftd.FaultExtLong},
		{"body over", nil, make([]byte, 4097), ftd.FaultBodyLong},
		{"half a TLV", []byte{4}, nil, ftd.FaultTLVOverrun},
	} {
		out, err := ftd.AppendFrame(dst, ftd.FrameFTDC, tt.ext, tt.body)
		if err != tt.want || !bytes.Equal(out, dst) {
			t.Errorf("%s: %q, %v; want error %v", tt.name, out, err, tt.want)
		}
	}
}
