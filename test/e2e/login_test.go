package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/test/await"
)

const terminalText = "2@2026-01-05 09:00:00@192.168.1.7@@00155D01AB02@@desk7@Debian12@86D6C8Z6T@BFEBFBFF000306C3@PCOCJEY5"

// TestIndependentTerminal is the purpose of the product in one test: a terminal written
// in another language from the protocol's page alone logs in, and the line in the report
// opens, with the OpenSSL command line, to exactly that terminal.
func TestIndependentTerminal(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, postgresURL string) {
		s := newSite(t, postgresURL, "")
		d := s.serve()
		s.write("terminal.txt", []byte(terminalText))
		s.openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", "public.pem", "-in", "terminal.txt", "-out", "terminal.bin")

		cmd := exec.Command("python3", "../independent/terminal.py", "--address", d.address, "--broker", "9999",
			"--app-id", appID, "--authcode", s.apps[0].AuthCode, "--account", account, "--password", password,
			"--key-version", "1.0", "--ciphertext-file", filepath.Join(s.dir, "terminal.bin"),
			"--source-address", "127.0.0.7", "--json")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("terminal.py: %v\n%s", err, out)
		}
		var got struct {
			Local                           string `json:"local_address"`
			TradingDay, LoginTime, PublicIP string
			PublicPort                      int
		}
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		if seen := fmt.Sprintf("%s:%d", got.PublicIP, got.PublicPort); seen != got.Local {
			t.Errorf("the front saw %s, the terminal was %s", seen, got.Local)
		}
		d.stop() // hands PostgreSQL what it still has
		lines := s.export(got.TradingDay)
		if len(lines) != 1 {
			t.Fatalf("%d lines, want 1", len(lines))
		}
		ip, port, _ := strings.Cut(got.Local, ":")
		want := fmt.Sprintf("0@%s@%s@%s@%s@@@@@%s@1", appID, ip, port, got.LoginTime, account)
		s.write("supplement.bin", lines[0].line.Supplement)
		if opened := s.openssl("pkeyutl", "-decrypt", "-inkey", "private.pem", "-in", "supplement.bin"); opened != want {
			t.Errorf("supplement %q, want %q", opened, want)
		}
		s.write("stored.bin", lines[0].line.Terminal)
		if opened := s.openssl("pkeyutl", "-decrypt", "-inkey", "private.pem", "-in", "stored.bin"); opened != terminalText {
			t.Errorf("terminal %q", opened)
		}
		if lines[0].line.VendorID != "TF01" || lines[0].line.KeyVersion != "1.0" {
			t.Errorf("line %s@%s", lines[0].line.VendorID, lines[0].line.KeyVersion)
		}
	})
}

func (s *site) openssl(args ...string) string {
	s.t.Helper()
	cmd := exec.Command("openssl", args...)
	cmd.Dir = s.dir
	var errOut strings.Builder
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("openssl %v: %v\n%s", args, err, errOut.String())
	}
	return string(out)
}

// enter is a terminal that is authenticated.
func (d *daemon) enter(t testing.TB, authCode string) (*client.Conn, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c, err := client.Dial(ctx, d.address)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = c.Close() })
	_, err = c.Authenticate(ctx, client.Identity{BrokerID: "9999", AppID: appID}, authCode)
	return c, err
}

func login(t testing.TB, c *client.Conn, pass string, change func(*client.LoginRequest)) (client.LoginResult, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req := client.LoginRequest{
		BrokerID: "9999", UserID: account, Password: pass, KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: make([]byte, 256),
	}
	if change != nil {
		change(&req)
	}
	return c.Login(ctx, req)
}

// code is the number that the front answered, 0 for success, -1 for no answer.
func code(t testing.TB, err error) int {
	t.Helper()
	var refused *client.Error
	switch {
	case err == nil:
		return 0
	case errors.As(err, &refused):
		return refused.Code
	}
	return -1
}

func TestAbnormalTerminalInfo(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		change  func(*client.LoginRequest)
		lenient byte // the flag of the record
		strict  int  // the code
	}{
		{"good", nil, '0', 0},
		{"empty", func(r *client.LoginRequest) { r.Ciphertext = nil }, '1', 3},
		{"255 bytes", func(r *client.LoginRequest) { r.Ciphertext = make([]byte, 255) }, '3', 3},
		{"257 bytes", func(r *client.LoginRequest) { r.Ciphertext = make([]byte, 257) }, '3', 3},
		{"3900 bytes", func(r *client.LoginRequest) { r.Ciphertext = make([]byte, 3900) }, '3', 3},
		{"flag 9", func(r *client.LoginRequest) { r.AbnormalFlag = '9' }, '3', 3},
		{"flag NUL", func(r *client.LoginRequest) { r.AbnormalFlag = 0 }, '3', 3},
		{"own flag 2", func(r *client.LoginRequest) { r.AbnormalFlag = '2' }, '2', 3},
		{"unknown key version", func(r *client.LoginRequest) { r.KeyVersion = "7" }, '2', 3},
	}
	for _, policy := range []string{"lenient", "strict"} {
		t.Run(policy, func(t *testing.T) {
			s := newSite(t, "", "terminal_info: "+policy)
			d := s.serve()
			for _, test := range tests {
				t.Run(test.name, func(t *testing.T) {
					c, err := d.enter(t, s.apps[0].AuthCode)
					if err != nil {
						t.Fatal(err)
					}
					result, err := login(t, c, password, test.change)
					if policy == "strict" {
						if got := code(t, err); got != test.strict {
							t.Errorf("code %d, want %d", got, test.strict)
						}
						return
					}
					if err != nil || result.AbnormalFlag != test.lenient {
						t.Errorf("flag %q, %v, want %q", result.AbnormalFlag, err, test.lenient)
					}
				})
			}
			if policy == "lenient" {
				// All that was recorded can be reported: no terminal can spoil a day's report.
				if lines := s.export(s.days(nil)...); len(lines) != len(tests) {
					t.Errorf("%d lines, want %d", len(lines), len(tests))
				}
			}
			if audit, _ := os.ReadFile(filepath.Join(s.dir, "audit.jsonl")); policy == "strict" &&
				!strings.Contains(string(audit), `"terminal_problem":"terminal_info_length"`) {
				t.Error("the audit log does not say why")
			}
		})
	}
}

// TestChangesReachTheRunningDaemon: what the commands change beside a running front is in
// force within 5 seconds, on both stores.
func TestChangesReachTheRunningDaemon(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, postgresURL string) {
		s := newSite(t, postgresURL, "auth: {refresh: 100ms}\n"+unpunished) // it asks until the front knows
		d := s.serve()
		const soon = 30 * time.Second // of a front that asks each 100 ms, on a busy machine
		inForce := func(what string, want int, try func() error) {
			t.Helper()
			got := -2
			defer func() {
				if t.Failed() {
					t.Logf("%s: the last answer was %d", what, got)
				}
			}()
			await.Within(t, soon, 20*time.Millisecond, fmt.Sprintf("%s: %d", what, want), func() bool {
				got = code(t, try())
				return got == want
			})
		}
		authenticate := func() error {
			_, err := d.enter(t, s.apps[0].AuthCode)
			return err
		}
		inForce("as set up", 0, authenticate)
		s.cli("", "app", "disable", "--app-id", appID)
		inForce("disabled", 63, authenticate)
		s.cli("", "app", "enable", "--app-id", appID)
		inForce("enabled", 0, authenticate)
		s.cli("", "app", "rotate", "--app-id", appID, "--overlap", "0", "--authcode", "ZYXW9876ABCD1234")
		inForce("rotated, old code", 63, authenticate)
		s.apps[0].AuthCode = "ZYXW9876ABCD1234"
		inForce("rotated, new code", 0, authenticate)

		logIn := func(user, pass string) func() error {
			return func() error {
				c, err := d.enter(t, s.apps[0].AuthCode)
				if err != nil {
					return err
				}
				_, err = login(t, c, pass, func(r *client.LoginRequest) { r.UserID = user })
				return err
			}
		}
		s.addAccount("7000001", "2")
		inForce("new account is known", 0, func() error {
			if _, ready := d.get(t, "/readyz"); !strings.Contains(ready, "2 accounts") {
				return errors.New(ready)
			}
			return nil
		})
		inForce("new account", 0, logIn("7000001", password))
		for range 5 {
			if got := code(t, logIn("7000001", "wrong")()); got != 3 {
				t.Errorf("wrong password: %d", got)
			}
		}
		inForce("locked", 75, logIn("7000001", password))
		inForce("others are not", 0, logIn(account, password))
		s.cli("", "account", "unlock", "--account", "7000001")
		inForce("unlocked", 0, logIn("7000001", password))
		s.cli("an0ther@pass\n", "account", "password", "--account", "7000001", "--password-file", "-")
		inForce("the password before", 3, logIn("7000001", password))
		if got := code(t, logIn("7000001", "an0ther@pass")()); got != 0 {
			t.Errorf("another password: %d", got)
		}
		d.stop()
	})
}
