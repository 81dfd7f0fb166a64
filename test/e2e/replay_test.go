package e2e

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/client"
)

// TestReplayedTerminalInfo: the same ciphertext a second time on one trading day is flagged,
// on another connection, after kill -9 and after the record went to PostgreSQL; and refused
// where the firm configures it.
func TestReplayedTerminalInfo(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, postgresURL string) {
		s := newSite(t, postgresURL, "replayed_terminal_info: flag")
		d := s.serve()
		first, fresh := make([]byte, 256), make([]byte, 256)
		_, _ = rand.Read(first)
		_, _ = rand.Read(fresh)
		try := func(step string, d *daemon, ciphertext []byte, wantCode int, wantFlag byte) {
			t.Helper()
			c, err := d.enter(t, s.apps[0].AuthCode)
			if err != nil {
				t.Fatal(err)
			}
			result, err := login(t, c, password, func(r *client.LoginRequest) { r.Ciphertext = ciphertext })
			if got := code(t, err); got != wantCode || err == nil && result.AbnormalFlag != wantFlag {
				t.Errorf("%s: code %d, flag %q; want %d, %q", step, got, result.AbnormalFlag, wantCode, wantFlag)
			}
		}
		try("first", d, first, 0, '0')
		try("second", d, first, 0, '3')
		try("nothing sent", d, nil, 0, '1')
		try("nothing sent again", d, nil, 0, '1')
		d.kill()

		d = s.serve()
		try("after kill -9", d, first, 0, '3')
		try("another", d, fresh, 0, '0')
		d.stop() // PostgreSQL has all records now, the local store none
		d = s.serve()
		try("after its record was forwarded", d, fresh, 0, '3')
		if _, metrics := d.get(t, "/metrics"); !strings.Contains(metrics, "tradefront_terminal_info_replayed_total 1\n") ||
			!strings.Contains(metrics, "tradefront_seen_terminals 2\n") {
			t.Error("the metrics do not tell of one replay and two ciphertexts")
		}
		s.replaceConfig("replayed_terminal_info: flag", "replayed_terminal_info: reject")
		d.hangup("the configuration was reloaded")
		try("rejected", d, fresh, 3, 0)
		_, _ = rand.Read(fresh)
		try("honest", d, fresh, 0, '0')
		d.stop()
	})
}
