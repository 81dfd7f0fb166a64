package main

import (
	"encoding/binary"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/terminaltest"
)

const tracedPassword = "zX9-qW4-vB7-kL2"

// shortLogin is a login whose LoginRequest lacks its last byte, as a vendor's structure may.
func shortLogin() []byte {
	frame := terminaltest.Login(client.LoginRequest{BrokerID: "9999", UserID: "88888888", Password: tracedPassword, KeyVersion: "1.0", AbnormalFlag: '0'})
	const field, length = ftd.FrameHeaderLen + ftd.MessageHeaderLen, 106
	for _, at := range []int{2, ftd.FrameHeaderLen + 14, field + 4} { // of body, content and field
		binary.BigEndian.PutUint16(frame[at:], binary.BigEndian.Uint16(frame[at:])-1)
	}
	end := field + ftd.FieldHeaderLen + length
	return append(frame[:end-1], frame[end:]...)
}

// TestFrontTrace: an operator sees what is wrong with a vendor's login by the name of its field, and no password; application log, audit
// log and `explain` lead to it too.
func TestFrontTrace(t *testing.T) {
	newSite(t)
	play(t, []step{{"app add --app-id client_demo_1.0 --authcode " + givenCode + onC, "", 0, "…", ""}})
	front := serve(t)
	var out, errOut said
	traced := make(chan int)
	go func() {
		args := []string{"front", "trace", "-c", "tradefront.yaml", "--front", front.admin, "--address", "127.0.0.0/8", "--for", "10m"}
		traced <- run(args, nil, strings.NewReader(""), &out, &errOut)
	}()
	await.True(t, "the trace begins", func() bool { return strings.Contains(read(t, "audit.jsonl"), `"event":"trace_started"`) })
	busy := tradefront("", "front", "trace", "-c", "tradefront.yaml", "--front", front.admin, "--address", "127.0.0.1")
	if busy.status != exitFailed || !strings.Contains(busy.err, "one trace runs at a time") {
		t.Errorf("a second trace: %+v", busy)
	}

	m := terminaltest.Dial(t, front.address, nil)
	m.Authenticate(client.Identity{BrokerID: "9999", AppID: "client_demo_1.0"}, givenCode)
	m.Send(shortLogin())
	m.ExpectClosed()

	ref := regexp.MustCompile(`tradefront explain ([0-9A-Z]{6})`)
	await.True(t, "the application log names the line", func() bool { return ref.MatchString(front.errOut.String()) })
	var explained outcome
	await.True(t, "the audit log has the line", func() bool {
		explained = tradefront("", "explain", ref.FindStringSubmatch(front.errOut.String())[1], "--audit", "audit.jsonl")
		return explained.status == exitDone
	})
	if !strings.Contains(explained.out, "malformed") || !strings.Contains(explained.out, "a known field is shorter than its items") {
		t.Errorf("explain: %+v", explained)
	}

	// The signal that stops the front ends the trace in this process, too: what it has to show comes before.
	await.True(t, "the trace shows the end of the connection", func() bool { return strings.Contains(out.String(), "closed: malformed\n") })
	if status := front.stop(); status != exitDone {
		t.Errorf("the front ended with %d", status)
	}
	got := outcome{<-traced, out.String(), errOut.String()}
	for _, want := range []string{
		"tracing the terminals of 127.0.0.0/8", "terminal → front  Authenticate (0x00008001), 76 bytes\n", "AppID             client_demo_1.0\n",
		"front → terminal  Authenticate (0x00008001)", "TimeStamp         <128 bytes, SHA-256 ", "AuthInfo          <128 bytes, SHA-256 ",
		"terminal → front  UserLogin (0x00000016)", "!! LoginRequest: field_short: 105 bytes, want at least 106\n",
		"MALFORMED field_short: the front closes the connection without an answer\n", "closed: malformed\n",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("no %q", want)
		}
	}
	audit := read(t, "audit.jsonl")
	host, _ := os.Hostname()
	if !strings.Contains(audit, `"event":"trace_started","reason":"ok"`) || !strings.Contains(audit, host) || !strings.Contains(audit, `"text":"127.0.0.0/8 for 10m0s"`) ||
		!strings.Contains(audit, `"event":"trace_ended"`) {
		t.Errorf("the audit log has\n%s", audit)
	}
	if strings.Contains(got.out+audit+front.errOut.String(), tracedPassword[:6]) {
		t.Error("the password is shown")
	}
	if t.Failed() {
		t.Logf("status %d\n%s%s", got.status, got.out, got.err)
	}
}
