package client_test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
)

var update = flag.Bool("update", false, "write the worked dump into docs/protocol.md")

const (
	page      = "../docs/protocol.md"
	chinese   = "../docs/protocol.zh-CN.md"
	pageStart = "<!-- worked login: go test ./client -run TestProtocolPage -update -->\n```text\n"
	pageEnd   = "```\n<!-- end of worked login -->\n"
)

const (
	relayPage      = "../docs/relay.md"
	relayChinese   = "../docs/relay.zh-CN.md"
	relayPageStart = "<!-- worked submission: go test ./client -run TestRelayPage -update -->\n```text\n"
	relayPageEnd   = "```\n<!-- end of worked submission -->\n"
)

// TestProtocolPage holds the worked login of docs/protocol.md, in both languages, to what this client and the
// front's encoder really put on the wire.
func TestProtocolPage(t *testing.T) {
	dump := workedLogin(t)
	for _, page := range []string{page, chinese} {
		holdPage(t, page, pageStart, pageEnd, dump)
	}
}

// TestRelayPage holds the worked submission of docs/relay.md, in both languages, to the bytes.
func TestRelayPage(t *testing.T) {
	dump := workedSubmission(t)
	for _, page := range []string{relayPage, relayChinese} {
		holdPage(t, page, relayPageStart, relayPageEnd, dump)
	}
}

// holdPage compares the dump with that of the page, or puts it there.
func holdPage(t *testing.T, page, start, end, dump string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(text), start)
	on, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no place for the dump", page)
	}
	if *update {
		whole := before + start + dump + end + after
		if err := os.WriteFile(page, []byte(whole), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if on != dump {
		t.Errorf("%s does not show what is sent; run the test with -update and read the difference", page)
	}
}

// workedLogin records a whole login between the client and a scripted front.
func workedLogin(t *testing.T) string {
	tape := new(tape)
	addr := listen(t, func(f *front) error {
		f.conn = recorder{f.conn, "front to terminal", tape}
		return wholeLogin(f)
	})
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.Dial(t.Context(), addr, client.WithConn(recorder{conn, "terminal to front", tape}))
	if err != nil {
		t.Fatal(err)
	}
	wholeLoginOn(t, c)
	if len(tape.writes) != 8 {
		t.Fatalf("%d frames, want 8", len(tape.writes))
	}
	var dump strings.Builder
	for i, w := range tape.writes {
		if i > 0 {
			dump.WriteByte('\n')
		}
		explain(t, &dump, i+1, w)
	}
	return dump.String()
}

// workedSubmission is a submission, both answers to it, and the end of its terminal.
func workedSubmission(t *testing.T) string {
	m := loggedIn(t)
	id, err := client.ParseSubmitID(exampleSubmitID)
	if err != nil {
		t.Fatal(err)
	}
	s := submission()
	submit, err := m.AppendSubmit(nil, id, false, &s)
	must(t, submit, err)
	gone, err := m.AppendTerminalEnd(nil, id)
	must(t, gone, err)
	const up, down = "relay to front", "front to relay"
	var dump strings.Builder
	for i, w := range []write{
		{up, submit},
		{down, frame(t, ftd.TIDTerminalSubmit, submitted(exampleSubmitID))},
		{down, frame(t, ftd.TIDTerminalSubmit, refusedSubmit(exampleSubmitID, 9, "无此权限 no privilege [ref 4CV33T]"))},
		{up, gone},
	} {
		if i > 0 {
			dump.WriteByte('\n')
		}
		explain(t, &dump, []int{7, 8, 8, 9}[i], w)
	}
	return dump.String()
}

type write struct {
	direction string
	frame     []byte
}

type tape struct {
	mu     sync.Mutex
	writes []write
}

// recorder keeps what is written: both sides write one frame at a time.
type recorder struct {
	net.Conn
	direction string
	tape      *tape
}

func (r recorder) Write(p []byte) (int, error) {
	r.tape.mu.Lock()
	r.tape.writes = append(r.tape.writes, write{r.direction, bytes.Clone(p)})
	r.tape.mu.Unlock()
	return r.Conn.Write(p)
}

// explain writes one frame, a line for each part.
func explain(t *testing.T, out *strings.Builder, step int, w write) {
	t.Helper()
	frame, n, err := ftd.DecodeFrame(w.frame, ftd.MaxBodyLen)
	if err != nil || n != len(w.frame) {
		t.Fatalf("step %d is no frame: %d, %v", step, n, err)
	}
	m, err := ftd.DecodeMessage(frame.Body)
	if err != nil {
		t.Fatalf("step %d: %v", step, err)
	}
	fmt.Fprintf(out, "step %d, %s, %v, %d bytes\n", step, w.direction, m.TID, n)
	p := printer{out: out, frame: w.frame}
	p.line(ftd.FrameHeaderLen, fmt.Sprintf("frame: type %d, extension %d, body %d", frame.Type, len(frame.Ext), len(frame.Body)))
	count := binary.BigEndian.Uint16(frame.Body[12:])
	p.line(ftd.MessageHeaderLen, fmt.Sprintf("message: version 2, TID 0x%08X, 'S', series 0, number 0, fields %d, content %d", uint32(m.TID), count, len(m.Fields)))
	for f := m.Fields; len(f) > 0; {
		fid, data, rest := f.Next()
		p.line(ftd.FieldHeaderLen, fmt.Sprintf("field: 0x%08X %v, %d", uint32(fid), fid, len(data)))
		p.items(fid, len(data))
		f = rest
	}
}

// layout is each field's items as docs/protocol.md names them.
var layout = map[ftd.FID]string{
	ftd.FIDError:         "ErrorCode s10, ErrorText s100, TimeStamp s20",
	ftd.FIDAuthIdentity:  "BrokerID s10, AppID s30, ProductInfo s10",
	ftd.FIDAuthInfo:      "AuthInfo b128",
	ftd.FIDAuthChallenge: "TimeStamp b128",
	ftd.FIDAuthResult:    "AppID s30, AppType c1",
	ftd.FIDLoginRequest:  "BrokerID s10, UserID s18, Password s40, HeartbeatSeconds n3, Remark s35",
	ftd.FIDTerminalInfo:  "KeyVersion s8, AbnormalFlag c1, Ciphertext b256",
	ftd.FIDLoginResponse: "BrokerID s10, UserID s18, UserType c1, TradingDay s8, LoginTime s19, PublicIP s39, " +
		"PublicPort n5, AbnormalFlag c1, FrontID i4, SessionID i4, RecordID s36, SystemName s40, LastLogin s19, LastIP s39, Notice s100",
	ftd.FIDLogoutRequest:   "BrokerID s10, UserID s18",
	ftd.FIDRelayedTerminal: "AppID s30, PublicIP s39, PublicPort n5, LoginTime s19, TerminalType c1",
	ftd.FIDSubmitRequest:   "BrokerID s10, UserID s18, SubmitID s36, Attempt c1",
	ftd.FIDSubmitResponse:  "BrokerID s10, UserID s18, UserType c1, TradingDay s8, SubmitID s36, RecordID s36, AbnormalFlag c1",
	ftd.FIDRelayRecorded:   "RelayAppID s30, RelayIP s39, RelayPort n5, RelayLoginTime s19",
	ftd.FIDSubmitRef:       "SubmitID s36",
}

type printer struct {
	out   *strings.Builder
	frame []byte
	at    int
}

// line prints the next n bytes, 16 to a line, and what they are behind the first.
func (p *printer) line(n int, label string) {
	for n > 0 {
		k := min(n, 16)
		s := fmt.Sprintf("%04X  %-47s  %s", p.at, fmt.Sprintf("% X", p.frame[p.at:p.at+k]), label)
		fmt.Fprintln(p.out, strings.TrimRight(s, " "))
		p.at, n, label = p.at+k, n-k, ""
	}
}

func (p *printer) items(fid ftd.FID, dataLen int) {
	end := p.at + dataLen
	for item := range strings.SplitSeq(layout[fid], ", ") {
		var name string
		var typ rune
		var n int
		// The layout is ours: a line that cannot be read leaves bytes over, below.
		_, _ = fmt.Sscanf(item, "%s %c%d", &name, &typ, &n)
		p.line(n, item+value(typ, p.frame[p.at:p.at+n]))
	}
	p.line(end-p.at, "not in the layout")
}

func value(typ rune, b []byte) string {
	switch typ {
	case 's':
		return fmt.Sprintf(" %q", bytes.TrimRight(b, " "))
	case 'c', 'n':
		return fmt.Sprintf(" %q", b)
	case 'i':
		return fmt.Sprintf(" %d", int32(binary.BigEndian.Uint32(b)))
	}
	return ""
}
