package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/supplement"
	firm "github.com/tradefront/tradefront/test/site"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// sort of what is put into an item: it decides what must come of it.
type sort int

const (
	control   sort = iota // a control character, or no UTF-8: 15 in any string
	separator             // the report's @: 15 in the items that have to do with a report
	deceptive             // everything else that could disturb a reader of a log or of a report
)

// injections are the texts that attackers send.
var injections = []struct {
	name string
	text string
	sort sort
}{
	{"@", "@", separator},
	{"@ at both ends", "@x@", separator},
	{"CR LF", "\r\n", control},
	{"LF", "\n", control},
	{"NUL", "\x00", control},
	{"tab", "\t", control},
	{"ESC", "\x1b[2J", control},
	{"DEL", "\x7f", control},
	{"NEL U+0085", "\u0085", control},
	{"CSI U+009B", "\u009b", control},
	{"no UTF-8", "\xff", control},
	{"GBK", "\xd6\xd0", control},
	{"overlong", "\xc0\x80", control},
	{"surrogate", "\xed\xa0\x80", control},
	{"cut rune", "\xe6\x9c", control},
	{"U+2028", "\u2028", deceptive},
	{"U+2029", "\u2029", deceptive},
	{"bidi override", "\u202e", deceptive},
	{"bidi isolate", "\u2066", deceptive},
	{"zero width", "\u200b", deceptive},
	{"byte order mark", "\ufeff", deceptive},
	{"quote", `"`, deceptive},
	{"JSON", `","a":"`, deceptive},
	{"backslash", `\`, deceptive},
	{"verb", "%s%n", deceptive},
	{"markup", "<b>", deceptive},
	{"Chinese", "期", deceptive},
}

// item is a string of a message: where it is in the frame, and what the front must answer
// to an injection of each sort.
type item struct {
	name   string
	at     int // in the frame
	width  int
	answer [3]int // by sort
}

// Where the fields' items begin: frame header, message header, field header.
const firstField = ftd.FrameHeaderLen + ftd.MessageHeaderLen + ftd.FieldHeaderLen

// In AuthInfo's message the identity is the first field, so these hold for steps 1 and 3.
var identityItems = []item{
	{"BrokerID", firstField, 10, [3]int{15, 63, 63}},
	{"AppID", firstField + 10, 30, [3]int{15, 15, 63}},
	{"ProductInfo", firstField + 40, 10, [3]int{15, 0, 0}},
}

var loginItems = []item{
	{"BrokerID", firstField, 10, [3]int{15, 2, 2}},
	{"UserID", firstField + 10, 18, [3]int{15, 15, 15}},
	{"Password", firstField + 28, 40, [3]int{15, 3, 3}},
	{"HeartbeatSeconds", firstField + 68, 3, [3]int{15, 15, 15}},
	{"Remark", firstField + 71, 35, [3]int{15, 0, 0}},
	{"KeyVersion", firstField + 106 + ftd.FieldHeaderLen, 8, [3]int{15, 15, 0}},
}

var logoutItems = []item{
	{"BrokerID", firstField, 10, [3]int{15, 2, 2}},
	{"UserID", firstField + 10, 18, [3]int{15, 2, 2}},
}

// inject puts text behind the first byte of the item, and the item's own rest behind it as
// far as there is room: the last bytes of a too long one fall away, as on a real wire.
func inject(frame []byte, i item, text string) ([]byte, bool) {
	frame = bytes.Clone(frame)
	old := frame[i.at : i.at+i.width]
	good := bytes.TrimRight(old, " ")
	if len(text)+1 > i.width {
		return nil, false
	}
	value := slices.Concat(good[:1], []byte(text), good[1:])
	value = value[:min(len(value), i.width)]
	copy(old, append(value, bytes.Repeat([]byte(" "), i.width-len(value))...))
	return frame, true
}

// TestInjectedItems puts every injection into every string of every message, over the wire,
// and looks at what comes of it: the answer, each line of both logs, each line of the report.
func TestInjectedItems(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", unpunished+"log_level: debug\n")
	d := s.serve()
	plays := 0
	for _, in := range injections {
		for _, i := range identityItems {
			if injected, ok := inject(ask(appID), i, in.text); ok {
				plays++
				if got := playIdentity(t, d, injected); got != i.answer[in.sort] {
					t.Errorf("%s in Authenticate.%s: %d, want %d", in.name, i.name, got, i.answer[in.sort])
				}
			}
		}
		for _, i := range loginItems {
			frame := loginAs(account, password, realTerminal(t, s))
			if injected, ok := inject(frame, i, in.text); ok {
				plays++
				if got := playLogin(t, d, plays, injected); got != i.answer[in.sort] {
					t.Errorf("%s in UserLogin.%s: %d, want %d", in.name, i.name, got, i.answer[in.sort])
				}
			}
		}
		for _, i := range logoutItems {
			frame := terminaltest.Logout("9999", account)
			if injected, ok := inject(frame, i, in.text); ok {
				plays++
				c := d.stranger(t, "127.0.0.9")
				c.enter(d)
				c.Send(loginAs(account, password, realTerminal(t, s)))
				c.ExpectCode(0)
				c.Send(injected)
				if got := c.Next().Code; got != i.answer[in.sort] {
					t.Errorf("%s in UserLogout.%s: %d, want %d", in.name, i.name, got, i.answer[in.sort])
				}
				_ = c.Close()
			}
		}
	}
	day := lastDay(t, d, s)
	d.stop()
	lines := checkLogs(t, d)
	records := checkReport(t, s, day)
	t.Logf("%d dialogues; %d audit lines, %d report lines", plays, lines, records)
	if plays < 250 || records < 80 {
		t.Errorf("%d dialogues, %d records: too few were tested", plays, records)
	}
}

// realTerminal is a ciphertext that the report's test key opens.
func realTerminal(t *testing.T, s *site) []byte {
	t.Helper()
	b, err := s.sealed.Encrypt(nil, []byte(terminalText))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// playIdentity sends steps 1 and 3 with the identity as it is, and returns the last code.
func playIdentity(t *testing.T, d *daemon, step1 []byte) int {
	t.Helper()
	c := d.stranger(t, "")
	defer c.Close()
	c.Send(step1)
	a := c.Next()
	if a.Code != -1 {
		return a.Code
	}
	step3 := answerOf(appID, terminaltest.Respond(d.s.apps[0].AuthCode, a.Challenge()))
	copy(step3[firstField:], step1[firstField:firstField+50])
	c.Send(step3)
	return c.Next().Code
}

// playLogin logs in from an address of its own, so that wrong passwords lock no other.
func playLogin(t *testing.T, d *daemon, n int, frame []byte) int {
	t.Helper()
	c := d.stranger(t, fmt.Sprintf("127.9.%d.%d", n/200, n%200+1))
	defer c.Close()
	c.enter(d)
	c.Send(frame)
	return c.Next().Code
}

// lastDay is the trading day of a login now.
func lastDay(t *testing.T, d *daemon, s *site) string {
	t.Helper()
	c := d.stranger(t, "")
	defer c.Close()
	c.enter(d)
	c.Send(loginAs(account, password, realTerminal(t, s)))
	return string(c.ExpectCode(0).Login().TradingDay)
}

// checkLogs: each line of both logs is one JSON object that shows nothing deceptive.
func checkLogs(t *testing.T, d *daemon) (auditLines int) {
	t.Helper()
	audit, err := os.ReadFile(filepath.Join(d.s.dir, "audit.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for name, log := range map[string][]byte{"audit": audit, "application": []byte(d.log.String())} {
		for line := range bytes.Lines(log) {
			if !json.Valid(line) || line[0] != '{' {
				t.Errorf("%s log: %q is no JSON object", name, line)
			}
			if name == "audit" {
				auditLines++
			}
		}
		if !utf8.Valid(log) {
			t.Errorf("the %s log is no UTF-8", name)
		}
		for _, r := range string(log) {
			if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029') {
				t.Fatalf("the %s log shows %U", name, r)
			}
		}
		if bytes.Contains(log, []byte(password)) {
			t.Errorf("the %s log has a password", name)
		}
	}
	return auditLines
}

// checkReport: every line is of four parts, opens to eleven items, which are those expected.
func checkReport(t *testing.T, s *site, day string) int {
	t.Helper()
	lines := s.export(day)
	for _, o := range lines {
		sup, err := supplement.Parse([]byte(o.supplement))
		if err != nil || strings.Count(o.supplement, "@") != 10 || o.terminal() != terminalText {
			t.Errorf("%q, terminal %q: %v", o.supplement, o.terminal(), err)
			continue
		}
		if string(sup.AppID) != appID || string(sup.Account) != account {
			t.Errorf("%q", o.supplement)
		}
	}
	if opened := firm.Verified(t, binary, s.config, filepath.Join(s.dir, "0001clientinfo"+day+".txt"), "1.0="+filepath.Join(s.dir, "private.pem")); int(opened) != len(lines) {
		t.Errorf("verify opened %d of %d lines", opened, len(lines))
	}
	return len(lines)
}
