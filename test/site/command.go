package site

import (
	"bytes"
	"encoding/json"
	"fmt"
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
	out, err := cli(binary, config, stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// cli is CLI with an error that says what the command printed.
func cli(binary, config, stdin string, args ...string) (string, error) {
	out, errOut, err := Run(binary, config, stdin, args...)
	if err != nil {
		return out, fmt.Errorf("tradefront %s: %w\n%s%s", strings.Join(args, " "), err, out, errOut)
	}
	return out, nil
}

// AddApp admits an AppID.
func AddApp(t testing.TB, binary, config, id string) demo.App {
	t.Helper()
	app, err := addApp(binary, config, id)
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func addApp(binary, config, id string) (demo.App, error) {
	var added struct {
		AppID    string `json:"app_id"`
		AuthCode string `json:"authcode"`
	}
	out, err := cli(binary, config, "", "app", "add", "--app-id", id, "-o", "json")
	if err != nil {
		return demo.App{}, err
	}
	if err := json.Unmarshal([]byte(out), &added); err != nil {
		return demo.App{}, fmt.Errorf("app add: %w in %s", err, out)
	}
	if added.AppID != id {
		return demo.App{}, fmt.Errorf("app add: another AppID in %s", out)
	}
	return demo.App{AppID: regulation.AppID(id), AuthCode: added.AuthCode}, nil
}

// AddAccount adds an account of user type "1" or "2".
func AddAccount(t testing.TB, binary, config, name, password, userType string) demo.Account {
	t.Helper()
	added, err := addAccount(binary, config, name, password, userType)
	if err != nil {
		t.Fatal(err)
	}
	return added
}

func addAccount(binary, config, name, password, userType string) (demo.Account, error) {
	_, err := cli(binary, config, password+"\n", "account", "add", "--account", name, "--password-file", "-", "--user-type", userType)
	return demo.Account{
		Account: regulation.Account(name), UserType: regulation.UserType(userType[0]), Password: password,
	}, err
}
