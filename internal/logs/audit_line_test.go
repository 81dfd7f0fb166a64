package logs

import (
	"encoding/json"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/internal/regulation"
)

// byZap is a line of zap's encoder with one text.
func byZap(t *testing.T, enc zapcore.Encoder, key, text string) string {
	t.Helper()
	b, err := enc.EncodeEntry(zapcore.Entry{}, []zapcore.Field{zap.String(key, text)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Free()
	return b.String()
}

// Texts are escaped as zap's encoder does it, by which older lines were written, and every line is JSON that says the same again.
func TestTextsAsByZap(t *testing.T) {
	enc := zapcore.NewJSONEncoder(zapcore.EncoderConfig{LineEnding: "\n"})
	pieces := []string{"a", "期", "\\", "\"", "\n", "\r", "\t", "\x00", "\x1f", "\x80", "\xff", "\xe6\x9c", "<&>", " ", "\ufffd", "\U0001f600", "/"}
	for range 20_000 {
		var s strings.Builder
		for range rand.IntN(8) {
			s.WriteString(pieces[rand.IntN(len(pieces))])
		}
		l := &auditLine{b: []byte{'{'}}
		l.addText("account", s.String(), true)
		got := l.String() + "}\n"
		if want := byZap(t, enc, "account", s.String()); got != want {
			t.Fatalf("%+q is written as %s, want %s", s.String(), got, want)
		}
		var back struct{ Account string }
		err := json.Unmarshal([]byte(got), &back)
		if err != nil || back.Account != strings.ToValidUTF8(s.String(), "") && !strings.ContainsRune(back.Account, '\ufffd') {
			t.Fatalf("%s: %v, %+q", got, err, back.Account)
		}
	}
}

// Identifiers, addresses and times are written as their own String and Format have them.
func TestLineValues(t *testing.T) {
	for range 100 {
		id := uuid.New()
		l := &auditLine{b: []byte{'{'}}
		l.addID("record_id", id)
		if want := `{"record_id":"` + id.String() + `"`; l.String() != want {
			t.Fatalf("%s, want %s", l, want)
		}
	}
	for text, want := range map[string]string{
		"203.0.113.7": "203.0.113.7", "::ffff:203.0.113.7": "203.0.113.7", "fe80::1%eth0": "fe80::1", "2001:db8::1": "2001:db8::1",
	} {
		l := &auditLine{b: []byte{'{'}}
		l.addAddress("address", netip.MustParseAddr(text))
		if want := `{"address":"` + want + `"`; l.String() != want {
			t.Errorf("%s, want %s", l, want)
		}
	}
}

// Times are written as AppendFormat has them.
func TestTimesAsFormatted(t *testing.T) {
	for range 2000 {
		at := time.Unix(rand.Int64N(1<<37)-1<<36, rand.Int64N(1e9)) // years that some are not of four digits
		if got, want := string(appendMillis(nil, at)), at.In(regulation.Zone).Format(timeMillis); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
}

// A line that is given back leaves nothing in the next one.
func TestLineIsUsedAgain(t *testing.T) {
	for range 100 {
		long := full()
		long.Text = strings.Repeat("x", maxText)
		encode(&long).Free()
		l := encode(&Entry{Time: time.Unix(0, 0), Event: EventLogout})
		if want := `{"time":"1970-01-01T08:00:00.000+08:00","event":"logout","reason":"","code":0,"front_id":0,"session_id":0}` + "\n"; l.String() != want {
			t.Fatalf("%s, want %s", l, want)
		}
		l.Free()
	}
}

func BenchmarkEncode(b *testing.B) {
	e := full()
	b.ReportAllocs()
	for b.Loop() {
		encode(&e).Free()
	}
}
