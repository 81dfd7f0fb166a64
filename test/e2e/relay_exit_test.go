package e2e

import (
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/test/await"
)

// TestOneTerminalOfARelayIsEnded: an operator of the firm ends one terminal behind an operator relay whose vendor knows
// SubmitRef; the relay is told which, its other terminals and its session go on. A relay that is not in relay.terminal_exits
// is told nothing.
func TestOneTerminalOfARelayIsEnded(t *testing.T) {
	t.Parallel()
	const knows, unknown = operatorRelay, "plain_relay_1.0"
	s := newRelaySite(t, "", "")
	s.replaceConfig("relay: {enabled: true}", "relay: {enabled: true, terminal_exits: ["+knows+"]}")
	codes := map[string]string{
		knows: s.operatorCode, unknown: s.addRelay(unknown, "operator", "--operator", relayOperator, "--scope", "all"),
	}
	d := s.serve()

	for _, id := range []string{knows, unknown} {
		exits := make(chan client.RelayEvent, 4)
		r, err := client.DialRelay(t.Context(), client.RelayOptions{
			Addresses: []string{d.relays()}, Identity: client.Identity{BrokerID: d.firm().BrokerID, AppID: id}, AuthCode: codes[id],
			Login: client.LoginRequest{BrokerID: d.firm().BrokerID, UserID: relayOperator, Password: password, KeyVersion: "1.0", AbnormalFlag: '1'},
			OnEvent: func(e client.RelayEvent) {
				if e.Kind == client.RelayTerminalExit {
					exits <- e
				}
			},
		})
		if err != nil {
			t.Fatal(id, err)
		}
		t.Cleanup(func() { _ = r.Close() })
		var receipts []client.Receipt
		for i := range 2 {
			receipt, err := r.Submit(t.Context(), client.Submission{
				UserID: "88880001", KeyVersion: "1.0", AbnormalFlag: '1',
				Terminal: client.RelayedTerminal{
					AppID: appID, PublicAddr: netip.AddrPortFrom(netip.MustParseAddr("203.0.113.7"), uint16(50001+i)), LoginTime: time.Now(), Type: '2',
				},
			})
			if err != nil {
				t.Fatal(id, err)
			}
			receipts = append(receipts, receipt)
		}
		session, submitted := strconv.Itoa(s.sessionOf(d, id).SessionID), receipts[0].SubmitID.String()
		end := func(submitID string) (out, problem string) {
			out, problem, _ = s.try("", "session", "end", session, "--front", d.admin, "--terminal", submitID, "--text", "margin call")
			return out, problem
		}
		if _, problem := end(client.NewSubmitID(time.Now()).String()); !strings.Contains(problem, "has no terminal of submission") {
			t.Errorf("%s: a terminal that is not there: %s", id, problem)
		}
		if _, problem := end("4711"); !strings.Contains(problem, "is no SubmitID") {
			t.Errorf("%s: no SubmitID: %s", id, problem)
		}
		out, problem := end(submitted)
		if id == unknown {
			if out != "" || !strings.Contains(problem, "relay.terminal_exits") {
				t.Errorf("a relay that does not know SubmitRef: %q %q", out, problem)
			}
		} else {
			if !strings.Contains(out, submitted) || !strings.Contains(out, "88880001") || problem != "" {
				t.Errorf("%q %q", out, problem)
			}
			e := <-exits
			var exit *client.ForceExit
			if e.Terminal != receipts[0].SubmitID || !errors.As(e.Err, &exit) || exit.Msg != "margin call" {
				t.Errorf("the relay was told %+v", e)
			}
			r.End(e.Terminal)
		}
		left := map[string]int{knows: 1, unknown: 2}[id]
		await.True(t, id+": the others stay", func() bool { return s.sessionOf(d, id).Terminals == left })
		select {
		case e := <-exits:
			t.Errorf("%s: one more terminal was ended: %+v", id, e)
		default:
		}
	}
	d.stop()
	audit, err := os.ReadFile(filepath.Join(s.dir, "audit.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(audit), `"event":"session_end"`); n != 1 {
		t.Errorf("%d lines say that an operator ended a terminal, want 1", n)
	}
}

// relaySession is how `session list` shows the session of a relay.
type relaySession struct {
	SessionID int    `json:"session_id"`
	AppID     string `json:"app_id"`
	Terminals int    `json:"terminals"`
}

func (s *relaySite) sessionOf(d *daemon, relay string) (found relaySession) {
	s.t.Helper()
	var all []relaySession
	if err := json.Unmarshal([]byte(s.cli("", "session", "list", "--front", d.admin, "-o", "json")), &all); err != nil {
		s.t.Fatal(err)
	}
	for _, one := range all {
		if one.AppID == relay {
			found = one
		}
	}
	return found
}
