package logs

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/regulation"
)

func full() Entry {
	return Entry{
		Time:  time.Date(2026, 1, 5, 1, 2, 3, 4_999_999, time.UTC),
		Event: EventLogin, Reason: "ok", Code: 0, Ref: "ABC234",
		RecordID: uuid.MustParse("019b8a4e-0000-7000-8000-000000000001"),
		AppID:    "client_xsb_1.0", Account: "88888888",
		Address: netip.MustParseAddr("::ffff:203.0.113.7"), Port: 37768, Proxy: netip.MustParseAddr("::ffff:10.0.0.2"), FrontID: 1, SessionID: 42,
		TradingDay: 20260105, Flag: regulation.FlagTerminalData, KeyVersion: "1.0",
		TerminalProblem: "length", UserType: regulation.UserCustomer,
	}
}

func line(e Entry) string {
	b := encode(&e)
	defer b.Free()
	return b.String()
}

func TestEntryFull(t *testing.T) {
	const want = `{"time":"2026-01-05T09:02:03.004+08:00","event":"login","reason":"ok","code":0,"ref":"ABC234",` +
		`"record_id":"019b8a4e-0000-7000-8000-000000000001","app_id":"client_xsb_1.0","account":"88888888",` +
		`"address":"203.0.113.7","port":37768,"proxy":"10.0.0.2","front_id":1,"session_id":42,"trading_day":"20260105","flag":"3",` +
		`"key_version":"1.0","terminal_problem":"length","user_type":"1"}` + "\n"
	if got := line(full()); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

func TestEntryOmitsWhatIsEmpty(t *testing.T) {
	const want = `{"time":"2026-01-05T09:02:03.004+08:00","event":"authenticate","reason":"unknown_app","code":63,` +
		`"front_id":1,"session_id":7}` + "\n"
	got := line(Entry{Time: full().Time, Event: EventAuthenticate, Reason: "unknown_app", Code: 63, FrontID: 1, SessionID: 7})
	if got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

func TestEntryTexts(t *testing.T) {
	long := strings.Repeat("期", 30) // 90 bytes
	for in, want := range map[string]string{
		"\"\\\n\r\t\x00":           `"\"\\\n\r\t\u0000"`,
		"a\u2028b\u2029":           `"a\u2028b\u2029"`,
		"\u202eevil\u2066":         `"\u202eevil\u2066"`,
		"\u0085\u200b\ufeff":       `"\u0085\u200b\ufeff"`,
		"\x7f":                     `"\u007f"`,
		"\U000e0041":               `"\udb40\udc41"`,
		"\xff\xfe":                 `"\ufffd\ufffd"`,
		"\xff\u202e":               `"\ufffd\u202e"`,
		"<script>&":                `"<script>&"`,
		`\u202e`:                   `"\\u202e"`,
		long:                       `"` + long[:63] + `"`,
		strings.Repeat("x", 65):    `"` + strings.Repeat("x", 64) + `"`,
		strings.Repeat("\x80", 99): `"` + strings.Repeat(`\ufffd`, 60) + `"`,
	} {
		got := line(Entry{Account: in})
		_, got, _ = strings.Cut(got, `"account":`)
		got, _, _ = strings.Cut(got, `,"front_id"`)
		if got != want {
			t.Errorf("%+q is written as %s, want %s", in, got, want)
		}
	}
}

// FuzzEntry: for any bytes of a peer, an entry is one line of valid JSON that shows
// nothing deceptive and contains what was sent, cut to its bound.
func FuzzEntry(f *testing.F) {
	f.Add("client_xsb_1.0", "88888888")
	f.Add("\u202e\u2028\"\\\n", strings.Repeat("\xf0\x9f", 40))
	f.Add("{\"a\":1}\x00", "\U000e0041\x7f\u0085")
	f.Fuzz(func(t *testing.T, appID, account string) {
		got := []byte(line(Entry{Event: appID, Reason: account, AppID: appID, Account: account, KeyVersion: appID}))
		if bytes.IndexByte(got, '\n') != len(got)-1 || !utf8.Valid(got) {
			t.Fatalf("%q is not one line of UTF-8", got)
		}
		for _, r := range string(got[:len(got)-1]) {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
				t.Fatalf("%+q shows %U", got, r)
			}
		}
		var back map[string]any
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatalf("%q: %v", got, err)
		}
		for key, sent := range map[string]string{"app_id": appID, "account": account} {
			if said, _ := back[key].(string); utf8.ValidString(sent) && said != clip(sent, maxText) || len(clip(sent, maxText)) > maxText {
				t.Errorf("%s %q says %q", key, sent, said)
			}
		}
	})
}

func TestSessionEndEntry(t *testing.T) {
	t.Parallel()
	e := Entry{Event: EventSessionEnd, Reason: "ended_by_operator", Account: "88888888", SessionID: 7, By: "ops@host", Text: "请联系客服"}
	if got := line(e); !strings.Contains(got, `"by":"ops@host","text":"请联系客服"}`) {
		t.Error(got)
	}
	// The longest text of a ForceExit, and a name with all that the admin listener knows of an asker: neither is cut.
	e.Text, e.By = strings.Repeat("x", 97)+"期", "admin user chief from 2001:db8:1234:5678:9abc:def0:1234:5678: "+strings.Repeat("o", 80)
	if got := line(e); !strings.Contains(got, `"by":"`+e.By+`","text":"`+e.Text+`"}`) {
		t.Error(got)
	}
}

// TestRelayFieldsOfAnEntry: the keys that reconcile and explain read.
func TestRelayFieldsOfAnEntry(t *testing.T) {
	e := Entry{
		Event: EventSubmit, Reason: "resubmitted", RelayAppID: "abcdef_relay_1.6.0", RelayMode: "3", SubmitID: "s", Attempt: "1", Operator: "8000admin",
		TerminalAddress: "203.0.113.7", TerminalPort: 50001, TerminalLoginTime: "2026-01-05 08:44:58", ReReported: true,
		RelayAddress: netip.MustParseAddr("198.51.100.4"), TerminalApp: "terminal_app_unknown", TerminalMAC: "m", TerminalTag: "t",
	}
	line := encode(&e)
	defer line.Free()
	var got map[string]any
	if err := json.Unmarshal(line.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"relay_app_id": e.RelayAppID, "relay_mode": "3", "submit_id": "s", "attempt": "1", "operator": e.Operator, "terminal_address": e.TerminalAddress,
		"terminal_port": 50001.0, "terminal_login_time": e.TerminalLoginTime, "re_reported": true, "relay_address": "198.51.100.4",
		"terminal_app": e.TerminalApp, "terminal_mac": "m", "terminal_tag": "t",
	} {
		if got[key] != want {
			t.Errorf("%s: %v, want %v", key, got[key], want)
		}
	}
	for _, key := range []string{"visits", "closing"} {
		if _, has := got[key]; has {
			t.Errorf("a submission has %s", key)
		}
	}
	wrong := encode(&Entry{Event: EventAuthenticate, RightBlocks: 3})
	defer wrong.Free()
	if _, has := got["right_blocks"]; has || json.Unmarshal(wrong.Bytes(), &got) != nil || got["right_blocks"] != 3.0 {
		t.Errorf("of a submission %t, of a wrong answer %v", has, got["right_blocks"])
	}
	ended := encode(&Entry{Event: EventRelayEnded, Closing: "relay_refusals"})
	defer ended.Free()
	if err := json.Unmarshal(ended.Bytes(), &got); err != nil || got["visits"] != 0.0 || got["closing"] != "relay_refusals" {
		t.Errorf("%v, %v, %v", got["visits"], got["closing"], err)
	}
}
