package main

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/corecheck"
	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/certificates"
	"github.com/tradefront/tradefront/test/testmain"
)

func TestCoreCheckMisuse(t *testing.T) {
	const account = " --account 1 --password p"
	play(t, []step{
		{"core-check", "", 2, "", "tradefront: required flag(s) \"account\", \"endpoint\" not set…"},
		{"core-check --endpoint 127.0.0.1:1 --account 1", "", 2, "", "…[password password-file]…"},
		{"core-check --endpoint 127.0.0.1:1 --ca x" + account, "", 2, "", "…[cert key ca]…"},
		{"core-check --endpoint 192.0.2.1:41300" + account, "", 1, "", "…in clear; give --ca, --cert and --key"},
		{"core-check --endpoint nowhere --operator-account 6" + account, "", 2, "", "…[customer customer-request]…"},
		{"core-check --endpoint 127.0.0.1:1 --operator-account 6 --customer 8 --customer-request x" + account, "", 1, "", "…--customer-request: \"x\" is no TID…"},
		{"core-check --endpoint nowhere" + account, "", 1, "", "…write HOST:PORT or unix:PATH"},
		{"core-check --endpoint unix:/x --ca a --cert b --key c" + account, "", 1, "", "…has no TLS…"},
		{"core-check --endpoint localhost:1 --ca nosuch --cert b --key c" + account, "", 1, "", "tradefront: --ca: …nosuch…"},
	})
}

// TestCoreCheckOfASilentCore: it ends, the first rule fails, and the password is nowhere.
func TestCoreCheckOfASilentCore(t *testing.T) {
	t.Parallel()
	dir := testmain.ShortDir(t)
	path := filepath.Join(dir, "s")
	standbyCore(t, listenAt(t, "unix", path), false)
	got := tradefront("Secret123\n", "core-check", "--endpoint", "unix:"+path, "--account", "1", "--password-file", "-", "--timeout", "100ms", "-o", "json")
	var r corecheck.Report
	if err := json.Unmarshal([]byte(got.out), &r); err != nil || got.status != 1 {
		t.Fatalf("%+v: %v", got, err)
	}
	if r.Failed != 1 || r.Results[0].Status != corecheck.Fail || r.Skipped != len(r.Results)-1 || len(r.Results) < 40 {
		t.Errorf("%+v", r)
	}
	if strings.Contains(got.out+got.err, "Secret123") || !strings.Contains(got.err, "link_accept\n") {
		t.Errorf("standard error: %s", got.err)
	}
}

// TestCoreCheckOfAStandbyCore: that no rule failed is no success where few were tried.
func TestCoreCheckOfAStandbyCore(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	core, err := coresim.New(coresim.Options{TradingDay: "20260105", Heartbeat: time.Second, Accounts: []coresim.Account{{User: "8", Password: "Secret123"}}})
	if err != nil {
		t.Fatal(err)
	}
	l := listenAt(t, "tcp", "127.0.0.1:0")
	served := make(chan error, 1)
	go func() { served <- core.Serve(l) }()
	t.Cleanup(func() {
		_ = core.Close()
		<-served
	})
	if _, err := core.Do("standby"); err != nil {
		t.Fatal(err)
	}
	got := tradefront("", "core-check", "--endpoint", l.Addr().String(), "--account", "8", "--password", "Secret123", "--quiet", "20ms")
	if got.status != 1 || !strings.Contains(got.err, "the core's state is S, so that ") || !strings.Contains(got.out, " 0 failed, ") {
		t.Errorf("%+v", got)
	}
}

// TestCoreCheckOverTLS: both sides show a certificate, the name and the protocol must be right.
func TestCoreCheckOverTLS(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	const coreALPN = "tradefront-core/1" // docs/core.md
	authority, dir := certificates.New(t), t.TempDir()
	core, front := authority.Issue(t, "core-a.firm", time.Now().Add(time.Hour)), authority.Issue(t, "front-1", time.Now().Add(time.Hour))
	cert, key := front.Write(t, dir, "front")
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, authority.PEM, 0o600); err != nil {
		t.Fatal(err)
	}
	const asks, demands = tls.VerifyClientCertIfGiven, tls.RequireAndVerifyClientCert
	for _, tt := range []struct {
		alpn, name, says string
		of               tls.ClientAuthType
	}{
		{coreALPN, "core-a.firm", "PASS  link_accept ", demands},
		{coreALPN, "core-a.firm", "FAIL  client_certificate ", asks},
		{coreALPN, "core-b.firm", "not core-b.firm", demands},
		{"http/1.1", "core-a.firm", "no application protocol", demands},
		{"", "core-a.firm", `the core names ALPN ""`, demands},
	} {
		conf := &tls.Config{
			MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{core.TLS(t)},
			ClientAuth: tt.of, ClientCAs: authority.Pool(),
		}
		if tt.alpn != "" {
			conf.NextProtos = []string{tt.alpn}
		}
		l := listenAt(t, "tcp", "127.0.0.1:0")
		standbyCore(t, tls.NewListener(l, conf), true)
		got := tradefront("", "core-check", "--endpoint", l.Addr().String(), "--ca", ca, "--cert", cert, "--key", key, "--server-name", tt.name,
			"--account", "1", "--password", "p", "--timeout", "1s", "--quiet", "20ms")
		if !strings.Contains(got.out, tt.says) {
			t.Errorf("ALPN %q, name %s: status %d\n%s\n%s", tt.alpn, tt.name, got.status, got.out, got.err)
		}
	}
}

// TestCoreCheckOfCoreSim: over TLS, with the restricted account and a flow; every rule has an outcome, and none fails.
func TestCoreCheckOfCoreSim(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	authority, dir := certificates.New(t), t.TempDir()
	cert, key := authority.Issue(t, "front-1", time.Now().Add(time.Hour)).Write(t, dir, "front")
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, authority.PEM, 0o600); err != nil {
		t.Fatal(err)
	}
	core, err := coresim.New(coresim.Options{
		TradingDay: "20260105", Heartbeat: time.Second, Credit: 40, ReportedOnly: true,
		Accounts: []coresim.Account{
			{User: "88888888", Password: "Secret123"},
			{User: "77777777", Password: "Initial00", Restriction: "weak"},
			{User: "66666666", Password: "Secret456", Type: "operator"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	l := listenAt(t, "tcp", "127.0.0.1:0")
	conf := coresim.ServerTLS(authority.Issue(t, "core-a.firm", time.Now().Add(time.Hour)).TLS(t), authority.Pool())
	served := make(chan error, 1)
	go func() { served <- core.Serve(tls.NewListener(l, conf)) }()
	t.Cleanup(func() {
		_ = core.Close()
		<-served
	})
	ordered := coresim.Order{Ref: "check", Instrument: "SIM2612", Direction: coresim.Buy, Price: 1, Volume: 1, Account: "80001"}
	order, err := ordered.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got := tradefront("", "core-check", "--endpoint", l.Addr().String(), "--ca", ca, "--cert", cert, "--key", key, "--server-name", "core-a.firm",
		"--account", "88888888", "--password", "Secret123", "--restricted-account", "77777777", "--restricted-password", "Initial00", "--restricted-new-password", "Renewed00",
		"--operator-account", "66666666", "--operator-password", "Secret456", "--customer", "80001",
		"--customer-request", fmt.Sprintf("%d %d=%x", uint32(coresim.TIDOrderInsert), uint32(coresim.FIDOrder), order),
		"--series", "1", "--timeout", "20s", "--quiet", "50ms")
	if got.status != 0 || strings.Contains(got.out, "FAIL") || !strings.Contains(got.out, `core "core-sim", instance `+core.Instance()) ||
		!strings.HasSuffix(got.out, "56 passed, 0 failed, 2 skipped\n") {
		t.Errorf("status %d\n%s\n%s", got.status, got.out, got.err)
	}
	if strings.Contains(got.out+got.err, "Secret123") || strings.Contains(got.out+got.err, "Initial00") || strings.Contains(got.out+got.err, "Renewed00") || strings.Contains(got.out+got.err, "Secret456") {
		t.Error("a password was printed")
	}
}

func listenAt(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// standbyCore says on each link that it is standby, or nothing at all.
func standbyCore(t *testing.T, l net.Listener, answers bool) {
	t.Helper()
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer func() { _ = conn.Close() }()
				buf := make([]byte, 8192)
				for {
					n, err := conn.Read(buf)
					if err != nil {
						return
					}
					if frame, _, _ := ftd.DecodeFrame(buf[:n], ftd.MaxBodyLen); answers && frame.Type == ftd.FrameFTDC {
						_, _ = conn.Write(standbyAnswer())
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
}

func standbyAnswer() []byte {
	e := ftd.Begin(nil, ftd.TIDLinkLogin)
	e.LinkAccept(&ftd.LinkAccept{
		CoreID: []byte("standby"), Instance: []byte("0b0c6c3e-52a4-4f43-8f39-8a7de1b6c001"), Term: 1, State: ftd.CoreStandby,
		TradingDay: []byte("20260105"), HeartbeatSeconds: 99,
	})
	e.Error(&ftd.Error{TimeStamp: []byte("20260105084500")})
	wire, err := e.End()
	if err != nil {
		panic(err)
	}
	return wire
}
