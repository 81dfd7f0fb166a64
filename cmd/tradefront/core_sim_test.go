package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/testmain"
)

const simAccounts = "accounts:\n  - {user: \"88888888\", password: Secret123}\n"

// The command takes fronts on TCP and on a Unix socket, obeys ctl, and prints at the end what it saw.
func TestCoreSim(t *testing.T) {
	t.Chdir(t.TempDir())
	dir := testmain.ShortDir(t)
	control, socket := filepath.Join(dir, "ctl"), filepath.Join(dir, "core")
	write(t, "accounts.yaml", simAccounts)
	r, w := io.Pipe()
	out, status := bufio.NewReader(r), make(chan int, 1)
	var errOut strings.Builder
	go func() {
		defer w.Close()
		status <- run([]string{
			"core-sim", "--accounts", "accounts.yaml", "--listen", "127.0.0.1:0", "--listen", "unix:" + socket,
			"--control", control, "--term", "3", "--state", "standby", "-o", "json",
		}, nil, strings.NewReader(""), w, &errOut)
	}()
	banner, err := out.ReadString('\n')
	if err != nil {
		t.Fatalf("exit status %d: %s", <-status, errOut.String())
	}
	var at coresim.Listening
	if err := json.Unmarshal([]byte(banner), &at); err != nil || len(at.Listen) != 2 || at.Listen[1] != "unix:"+socket || at.CoreID != "core-sim" {
		t.Fatalf("%s: %v", banner, err)
	}
	for network, address := range map[string]string{"tcp": at.Listen[0], "unix": socket} {
		if a := linkLogin(t, network, address); a.Term != 3 || a.State != ftd.CoreStandby {
			t.Errorf("%s: %+v", network, a)
		}
	}
	ctl := "core-sim ctl --control " + control
	play(t, []step{
		{ctl + " active", "", 0, "ok", ""},
		{ctl + " new-term", "", 0, "term 4", ""},
		{ctl + " wrong", "", 1, "", "tradefront: write: wrong KIND [N]"},
		{ctl + " nosuch", "", 1, "", "tradefront: no command \"nosuch\"; help lists them"},
		{ctl + " help", "", 0, "active …wrong KIND [N] …", ""},
		{"core-sim ctl --control " + control + "x report", "", 1, "", "tradefront: ask core-sim at …is it running…"},
		{"core-sim --accounts accounts.yaml --listen unix:" + socket, "", 1, "", "…another process serves it"},
	})
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(out)
	if got := <-status; got != exitDone || err != nil {
		t.Fatalf("exit status %d, %v: %s", got, err, errOut.String())
	}
	var report coresim.Report
	if err := json.Unmarshal(rest, &report); err != nil || report.Term != 4 || report.State != "A" || report.Now().Links != 2 {
		t.Errorf("%s: %v", rest, err)
	}
	if !strings.Contains(errOut.String(), "core-sim is no trading core") {
		t.Errorf("the log said:\n%s", errOut.String())
	}
}

// linkLogin logs a front in and closes the link.
func linkLogin(t *testing.T, network, address string) ftd.LinkAccept {
	t.Helper()
	c, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	m := ftd.Begin(nil, ftd.TIDLinkLogin)
	m.LinkIdentity(&ftd.LinkIdentity{
		Protocol: ftd.LinkProtocol, FrontID: 1, Process: []byte("0197fc1e-5c00-7d4e-8a3b-0123456789ab"), BrokerID: []byte("9999"),
		MaxSessions: 10, Business: '1',
	})
	frame, err := m.End()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(frame); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	n, err := io.ReadAtLeast(c, buf, 4+16+6+76+6+130)
	if err != nil {
		t.Fatal(err)
	}
	f, _, _ := ftd.DecodeFrame(buf[:n], ftd.MaxBodyLen)
	answer, err := ftd.DecodeMessage(f.Body)
	if err != nil {
		t.Fatal(err)
	}
	var a ftd.LinkAccept
	data, _ := answer.Field(ftd.FIDLinkAccept)
	if err := a.Decode(data); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestCoreSimRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "accounts.yaml", simAccounts)
	write(t, "twice.yaml", simAccounts+"  - {user: \"88888888\", password: Secret123}\n")
	write(t, "typo.yaml", "accounts:\n  - {user: \"1\", pasword: x}\n")
	const sim = "core-sim --accounts accounts.yaml --listen 127.0.0.1:0 "
	play(t, []step{
		{"core-sim", "", 2, "", "tradefront: required flag(s) \"accounts\" not set\nSee: tradefront core-sim --help"},
		{sim + "--state broken", "", 2, "", "…want active, standby or initialising…"},
		{sim + "--cert x", "", 2, "", "…[cert key client-ca]…"},
		{"core-sim --accounts accounts.yaml --listen 0.0.0.0:0", "", 1, "", "…tradefront: --listen 0.0.0.0:0: passwords would be in clear on the network; …"},
		{"core-sim --accounts nosuch.yaml", "", 1, "", "tradefront: --accounts: open nosuch.yaml: no such file or directory"},
		{"core-sim --accounts twice.yaml", "", 1, "", "tradefront: core-sim: account 88888888 is in the list twice"},
		{"core-sim --accounts typo.yaml", "", 1, "", "tradefront: --accounts: accounts file: …pasword…"},
		{sim + "--trading-day 20261301", "", 1, "", "tradefront: core-sim: trading day: …"},
		{sim + "--core-id trading", "", 1, "", "tradefront: core-sim: core ID \"trading\": begin with core-sim…"},
		{sim + "--cert x --key x --client-ca x", "", 1, "", "tradefront: open x: no such file or directory"},
		{"core-sim --help", "", 0, "core-sim is no trading core…late-verify D…", ""},
	})
}
