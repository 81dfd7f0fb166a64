package site

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/regulation"
)

// Run runs a command of the program with that configuration.
func Run(binary, config, stdin string, args ...string) (out, errOut string, err error) {
	cmd := exec.Command(binary, append(args, "--config", config)...)
	var o, e bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &o, &e
	err = cmd.Run()
	return o.String(), e.String(), err
}

// CLI runs a command that must succeed, and returns its standard output.
func CLI(t testing.TB, binary, config, stdin string, args ...string) string {
	t.Helper()
	out, errOut, err := Run(binary, config, stdin, args...)
	if err != nil {
		t.Fatalf("tradefront %s: %v\n%s%s", strings.Join(args, " "), err, out, errOut)
	}
	return out
}

// AddApp admits an AppID.
func AddApp(t testing.TB, binary, config, id string) demo.App {
	t.Helper()
	var added struct {
		AppID    string `json:"app_id"`
		AuthCode string `json:"authcode"`
	}
	out := CLI(t, binary, config, "", "app", "add", "--app-id", id, "-o", "json")
	if err := json.Unmarshal([]byte(out), &added); err != nil || added.AppID != id {
		t.Fatalf("app add: %v in %s", err, out)
	}
	return demo.App{AppID: regulation.AppID(id), AuthCode: added.AuthCode}
}

// AddAccount adds an account of user type "1" or "2".
func AddAccount(t testing.TB, binary, config, name, password, userType string) demo.Account {
	t.Helper()
	CLI(t, binary, config, password+"\n", "account", "add", "--account", name, "--password-file", "-", "--user-type", userType)
	return demo.Account{
		Account: regulation.Account(name), UserType: regulation.UserType(userType[0]), Password: password,
	}
}
