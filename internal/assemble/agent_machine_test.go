package assemble

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/client/collect"
	"github.com/tradefront/tradefront/client/collect/tstkey"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/supplement/testkey"
	"github.com/tradefront/tradefront/internal/terminalinfo"
)

// operatorOf is an operator agent's configuration with its files, and those lines in section upstream.
func operatorOf(t *testing.T, lines ...string) *config.Agent {
	t.Helper()
	dir := t.TempDir()
	overwrite(t, filepath.Join(dir, "relay.authcode"), []byte("ABCDEFGH01234567\n"))
	overwrite(t, filepath.Join(dir, "operator.password"), []byte("secret\n"))
	overwrite(t, filepath.Join(dir, "public.pem"), tstkey.Public)
	overwrite(t, filepath.Join(dir, "private.pem"), tstkey.Private)
	overwrite(t, filepath.Join(dir, "info.bin"), bytes.Repeat([]byte{7}, 256))
	path := filepath.Join(dir, "relay.yaml")
	overwrite(t, path, fmt.Appendf(nil, `
broker_id: "9999"
mode: operator
upstream:
  addresses: ["127.0.0.1:1"]
  app_id: a_relay_1
  operator: "8000"
  password_file: operator.password
  %s
keys: [{version: "1.0"}]
`, strings.Join(lines, "\n  ")))
	cfg, err := config.LoadAgent(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// twoLogins are what an operator's login and the one after a reconnect carry.
func twoLogins(t *testing.T, cfg *config.Agent, found func(*collect.Result)) (logins [2]client.LoginRequest) {
	t.Helper()
	o, err := RelayOptions(cfg, nil, found)
	if err != nil {
		t.Fatal(err)
	}
	for i := range logins {
		logins[i] = o.Login
		if err := o.BeforeLogin(context.Background(), &logins[i]); err != nil {
			t.Fatal(err)
		}
		if l := &logins[i]; l.Password != "secret" || l.UserID != "8000" {
			t.Errorf("login %d: %+v", i, l)
		}
	}
	return logins
}

// TestOperatorsMachine: with a key each login of the operator has this machine collected and encrypted anew, as a terminal's has.
func TestOperatorsMachine(t *testing.T) {
	t.Parallel()
	machine, err := collect.Collect(t.Context(), collect.Options{})
	if err != nil {
		t.Skip(err)
	}
	seen := 0
	logins := twoLogins(t, operatorOf(t, "key_file: public.pem", `key_version: "tst"`), func(*collect.Result) { seen++ })
	if bytes.Equal(logins[0].Ciphertext, logins[1].Ciphertext) {
		t.Error("two logins have one ciphertext: the second is a replay to a front")
	}
	if seen != 2 {
		t.Errorf("told of %d machines", seen)
	}
	private, err := testkey.Parse(tstkey.Private)
	if err != nil {
		t.Fatal(err)
	}
	for i := range logins {
		opened, err := private.Decrypt(logins[i].Ciphertext)
		if err != nil {
			t.Fatal(err)
		}
		if logins[i].KeyVersion != "tst" || logins[i].AbnormalFlag != machine.Flag() || withoutTime(t, string(opened)) != withoutTime(t, machine.Text()) {
			t.Errorf("login %d has version %s, flag %c, want flag %c and this machine", i, logins[i].KeyVersion, logins[i].AbnormalFlag, machine.Flag())
		}
	}
}

// withoutTime is a terminal string but for the time at which it was collected.
func withoutTime(t *testing.T, text string) string {
	t.Helper()
	items, err := terminalinfo.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, item := range items {
		if item.Name != terminalinfo.Collected.Name() {
			all = append(all, item.Value)
		}
	}
	return strings.Join(all, "\n")
}

// TestOperatorsMachineFromAFile: the ciphertext is what it is, and `relay check` says what a front makes of it.
func TestOperatorsMachineFromAFile(t *testing.T) {
	t.Parallel()
	const remark = "upstream.terminal_info_file is sent again at each reconnect"
	cfg := operatorOf(t, "terminal_info_file: info.bin", `key_version: "1.0"`)
	logins := twoLogins(t, cfg, nil)
	if !bytes.Equal(logins[0].Ciphertext, logins[1].Ciphertext) || len(logins[0].Ciphertext) != 256 || logins[0].AbnormalFlag != '0' {
		t.Errorf("%+v", logins)
	}
	if all := strings.Join(AgentRemarks(cfg, new(AgentAssets)), "\n"); !strings.Contains(all, remark) {
		t.Errorf("remarks:\n%s", all)
	}
	bare := operatorOf(t)
	if logins := twoLogins(t, bare, nil); logins[0].Ciphertext != nil || logins[0].KeyVersion != "1.0" {
		t.Errorf("without a file: %+v", logins[0])
	}
	if all := strings.Join(AgentRemarks(bare, new(AgentAssets)), "\n"); strings.Contains(all, remark) {
		t.Errorf("without the file:\n%s", all)
	}
}

// TestMachineKeyIsJudged: `relay check` finds a file that is no public key; one that is spoilt later is an error of the login, which
// the agent tries again.
func TestMachineKeyIsJudged(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{"public.pem": "", "private.pem": "private", "info.bin": "no PEM block"} {
		cfg := operatorOf(t, "key_file: "+file, `key_version: "1.0"`)
		problem := ""
		judgeMachineKey(&cfg.Upstream, func(key string, err error) {
			if err != nil {
				problem = key + ": " + err.Error()
			}
		})
		if (problem == "") != (want == "") || want != "" && (!strings.HasPrefix(problem, "upstream.key_file: ") || !strings.Contains(problem, want)) {
			t.Errorf("%s: %q, want a fault with %q", file, problem, want)
		}
	}
	cfg := operatorOf(t, "key_file: public.pem", `key_version: "1.0"`)
	overwrite(t, cfg.Upstream.KeyFile.Path, []byte("nothing"))
	o, err := RelayOptions(cfg, nil, nil)
	if err == nil {
		err = o.BeforeLogin(t.Context(), new(client.LoginRequest))
	}
	if err == nil || !strings.Contains(err.Error(), "upstream.key_file: ") {
		t.Errorf("a spoilt key: %v", err)
	}
}
