package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/relay"
)

const agentConfig = `broker_id: "9999"
mode: operator
upstream:
  addresses: ["front-a:41206"]
  app_id: "abcdef_relay_1"
  operator: "8000"
  password_file: operator.password
registry: {file: exported, master_key_file: agent.key}
keys: [{version: "1.0"}]
core: {argon2: {memory_kib: 1024, iterations: 1}}
`

// admitRelay gives the site a relay.
func admitRelay(t *testing.T) {
	t.Helper()
	cfg, err := config.Load("tradefront.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := assemble.OpenRecords(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	master, err := assemble.LoadMasterKey(cfg)
	if err != nil {
		t.Fatal(err)
	}
	code, err := auth.ParseAuthCode("ABCDEFGH01234567")
	if err == nil {
		var sealed []byte
		sealed, err = master.Seal("abcdef_relay_1", code)
		if err == nil {
			err = directory.New(r.Tables()).AddRelay(context.Background(), auth.App{
				AppID: "abcdef_relay_1", Type: auth.AppOperatorRelay, Enabled: true, Sealed: sealed, Created: time.Now(), Changed: time.Now(),
			}, relay.Permission{
				AppID: "abcdef_relay_1", TerminalApps: relay.Listed, Connections: 1, Rate: 1, Burst: 1, Window: 1, Created: time.Now(), Changed: time.Now(),
			}, nil)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestRelayAgentSite: the files of a relay agent, made one after the other; check says at each step all that is missing.
func TestRelayAgentSite(t *testing.T) {
	newSite(t)
	admitRelay(t)
	write(t, "relay.yaml", agentConfig)
	missing := tradefront("", "relay", "check", "--config", "relay.yaml")
	for _, key := range []string{"upstream.authcode_file", "upstream.password_file", "registry.file", "registry.master_key_file"} {
		if missing.status != 1 || !strings.Contains(missing.err, "  "+key+": ") {
			t.Errorf("status %d, no fault of %s in\n%s", missing.status, key, missing.err)
		}
	}
	for _, name := range []string{"relay.authcode", "operator.password"} {
		write(t, name, "ABCDEFGH01234567\n")
	}
	play(t, []step{
		{args: "masterkey create --config relay.yaml", out: "created …agent.key (mode 0600); keep a copy in a safe place"},
		{args: "app add --config tradefront.yaml --app-id vendor_app_1", out: "AppID     vendor_app_1\n…"},
		{
			args: "app export --config tradefront.yaml --for-relay abcdef_relay_1 --out exported --master-key agent.key",
			out:  "wrote 1 AppIDs for relay abcdef_relay_1 to exported, sealed to master key …",
		},
		{
			args: "app export --config tradefront.yaml --for-relay abcdef_relay_1 --out exported --master-key agent.key -o json",
			out:  "{\n  \"relay\": \"abcdef_relay_1\",\n  \"file\": \"exported\",\n  \"apps\": 1,\n  \"master_key\": \"…\"\n}",
		},
		{
			args: "app export --config tradefront.yaml --for-relay vendor_app_1 --out exported --master-key agent.key",
			err:  "tradefront: …it is no relay…", status: 1,
		},
		{args: "account add --config relay.yaml --account 8 --password-file -", in: "right\n", out: "added account 8 (customer)"},
		{args: "account list --config relay.yaml", out: "ACCOUNT…\n8…"},
		{
			args: "relay check --config relay.yaml",
			out: "relay.yaml is good: mode operator, listeners 1, fronts [front-a:41206], 1 AppIDs exported …\n" +
				"remark: upstream.tls.enabled is false: passwords go to front-a:41206 in clear; …\nremark: business messages are answered 77: …",
		},
		{
			args: "relay check --config relay.yaml -o json",
			out: "{\n  \"path\": \"relay.yaml\",\n  \"mode\": \"operator\",\n  \"listeners\": 1,\n  \"fronts\": [\n    \"front-a:41206\"\n  ],\n  \"app_ids\": 1,\n" +
				"  \"registry_exported\": \"…+08:00\",\n  \"remarks\": [\n" +
				"    \"upstream.tls.enabled is false: passwords go to front-a:41206 in clear; …\",\n    \"business messages are answered 77: …\"\n  ]\n}",
		},
		{args: "relay status --config relay.yaml", err: "tradefront: ask the relay agent at \"127.0.0.1:9464\": …", status: 1},
	})
	write(t, "relay.yaml", agentConfig+"chained: true\n")
	play(t, []step{{
		args: "relay check --config relay.yaml",
		out:  "relay.yaml is good: …remark: chained is true, and the registry file was exported for a relay that carries no others: …",
	}})
	write(t, "relay.yaml", strings.Replace(agentConfig, "abcdef_relay_1", "abcdef_relay_2", 1))
	play(t, []step{{
		args: "relay check --config relay.yaml", status: 1,
		err: "tradefront: the configuration has faults:\n  registry.file: was exported for relay abcdef_relay_1, and upstream.app_id is abcdef_relay_2",
	}})
}

// TestRelayStatusInChinese: what the agent says of its fronts is in the reader's language.
func TestRelayStatusInChinese(t *testing.T) {
	t.Chdir(t.TempDir())
	status := daemon.RelayStatus{Upstream: "logged in at 192.0.2.1:21001, 3 terminals live", ClockAhead: 1}
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(&status) }))
	defer agent.Close()
	write(t, "relay.yaml", agentConfig+"admin: {address: \""+agent.Listener.Addr().String()+"\"}\n")
	play(t, []step{
		{args: "relay status --config relay.yaml --lang en", out: "…\nfront: " + status.Upstream + "; …"},
		{args: "relay status --config relay.yaml --lang zh", out: "…\n前置：已登录 192.0.2.1:21001，在线终端 3 个；…"},
	})
}
