package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// What an attacker can do who can connect: the tests of stranger_*_test.go send frames that a client
// that keeps to the protocol could not send.

// unpunished lets one address offend as often as a test needs.
const unpunished = "limits: {penalties: {sources: 0}}\n"

// stranger is one connection.
type stranger struct{ *terminaltest.Terminal }

// stranger connects from an address, "" for any; with a port, from that very port.
func (d *daemon) stranger(t testing.TB, from string) *stranger {
	t.Helper()
	var local *net.TCPAddr
	if from != "" {
		if !strings.Contains(from, ":") {
			from += ":0"
		}
		var err error
		if local, err = net.ResolveTCPAddr("tcp", from); err != nil {
			t.Fatal(err)
		}
	}
	return &stranger{terminaltest.Dial(t, d.address, local)}
}

// enter authenticates as the software of the site's first AppID.
func (s *stranger) enter(d *daemon) { s.Authenticate(software(appID), d.s.apps[0].AuthCode) }

// What a terminal sends, as frames.

func software(app string) client.Identity {
	return client.Identity{BrokerID: "9999", AppID: app, ProductInfo: "product"}
}

func ask(app string) []byte { return terminaltest.Ask(software(app)) }

func answerOf(app string, answer [client.ChallengeLen]byte) []byte {
	return terminaltest.Answer(software(app), answer)
}

func loginAs(user, pass string, ciphertext []byte) []byte {
	return terminaltest.Login(client.LoginRequest{
		BrokerID: "9999", UserID: user, Password: pass, Remark: "remark",
		KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: ciphertext,
	})
}

// auditLines are the lines of the audit log, each of which must be one JSON object.
func (s *site) auditLines() (lines []map[string]any) {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, "audit.jsonl"))
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var object map[string]any
		if err := json.Unmarshal(line, &object); err != nil {
			s.t.Fatalf("%q: %v", line, err)
		}
		lines = append(lines, object)
	}
	return lines
}

// trueReason is what the audit log has beside a reference. The line of a refusal may be
// written a moment after its answer.
func (s *site) trueReason(ref string) (reason string) {
	s.t.Helper()
	await.True(s.t, fmt.Sprintf("the audit log to have ref %q", ref), func() bool {
		lines := s.auditLines()
		at := slices.IndexFunc(lines, func(line map[string]any) bool { return line["ref"] == ref })
		if at >= 0 {
			reason = lines[at]["reason"].(string)
		}
		return at >= 0
	})
	return reason
}
