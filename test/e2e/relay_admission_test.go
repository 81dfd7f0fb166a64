package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// TestRelayAdmission: a relay that is admitted at a running front logs in, is refused at the terminals' listener, and is
// told to go when it is disabled.
func TestRelayAdmission(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, url string) {
		const relayID = "a_relay_1.0"
		s := newSite(t, url, "")
		s.replaceConfig("admin:\n", "    - {address: \"127.0.0.1:0\", admits: relays}\nadmin:\n")
		s.replaceConfig("front:\n", "relay: {enabled: true}\nfront:\n")
		s.addAccount("8000", "2")
		d := s.serve()
		relays, marked := strings.CutSuffix(d.all[1], " (relays)")
		if !marked {
			t.Fatalf("the banner does not say that %s is for relays", d.all[1])
		}
		var added struct{ AuthCode, Type string }
		out := s.cli("", "relay", "add", "--app-id", relayID, "--type", "operator", "--network", "127.0.0.1", "--operator", "8000", "--scope", "all", "-o", "json")
		if err := json.Unmarshal([]byte(out), &added); err != nil || added.Type != "operator" {
			t.Fatalf("%s: %v", out, err)
		}
		id := client.Identity{BrokerID: d.firm().BrokerID, AppID: relayID}
		enter := func(address string) (*client.Conn, error) {
			c, err := client.Dial(t.Context(), address)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			_, err = c.Authenticate(t.Context(), id, added.AuthCode)
			return c, err
		}
		await.True(t, "the relay is admitted", func() bool {
			_, err := enter(relays)
			return err == nil
		})
		if _, err := enter(d.address); err == nil {
			t.Error("a relay is admitted at the terminals' listener")
		}
		// On the wire by a terminal that shows each message: it logs in as the operator, and is told to go.
		ends := func(why string, command ...string) {
			m := terminaltest.Dial(t, relays, nil)
			m.Authenticate(id, added.AuthCode)
			m.LogIn(client.LoginRequest{
				BrokerID: id.BrokerID, UserID: "8000", Password: password, KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: make([]byte, 256),
			})
			began := time.Now()
			s.cli("", append([]string{"relay"}, command...)...)
			m.Expect(ftd.TIDForceExit, terminaltest.NoCode)
			m.ExpectClosed()
			t.Logf("%s: ended %v after the command began", why, time.Since(began))
			s.awaitAudit(`"event":"relay_ended","reason":"`+why+`"`, relayID)
		}
		ends("relay_network", "change", relayID, "--add-network", "10.0.0.0/8", "--remove-network", "127.0.0.1/32")
		if _, err := enter(relays); err == nil {
			t.Error("a relay is admitted from a network that was taken away")
		}
		s.cli("", "relay", "change", relayID, "--add-network", "127.0.0.1/32")
		await.True(t, "the relay is admitted again", func() bool {
			_, err := enter(relays)
			return err == nil
		})
		ends("relay_disabled", "disable", relayID)
		if _, err := enter(relays); err == nil {
			t.Error("a disabled relay is admitted")
		}
		if _, page := d.get(t, "/readyz"); !strings.Contains(page, `"relays"`) {
			t.Errorf("/readyz says nothing of relays: %s", page)
		}
		d.stop()
	})
}
