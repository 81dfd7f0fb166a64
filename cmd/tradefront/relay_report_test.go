package main

import (
	"os"
	"testing"
)

func TestRelayReport(t *testing.T) {
	t.Chdir(t.TempDir())
	const line = `{"time":"2026-01-05T09:00:01.250+08:00","event":"submit","reason":"ok","record_id":"019b7c1e-5c00-82a5-9c12-7c7d9a77feaf",` +
		`"app_id":"client_demo_1.0","account":"88888888","trading_day":"20260105","flag":"0","relay_app_id":"abcdef_relay_1.6.0","relay_mode":"3",` +
		`"operator":"8000admin","terminal_address":"10.0.0.7","terminal_port":50001,"terminal_login_time":"2026-01-05 09:00:00"}` + "\n"
	if err := os.WriteFile("audit.jsonl", []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	play(t, []step{
		{"relay report", "", 2, "", "…required flag(s) \"day\" not set…"},
		{"relay report --day 20260105", "", 1, "", "tradefront: name the audit logs with --audit, or a configuration with -c"},
		{"relay report --day 20260105 --audit none.jsonl", "", 1, "", "…none.jsonl…"},
		{"relay report --day today --audit audit.jsonl", "", 1, "", "tradefront: --day: …"},
		{"relay report --day 20260105 --audit audit.jsonl -o xml", "", 2, "", "…want text, json or html…"},
		{"relay report --day 20260105 --audit audit.jsonl", "", 0, "…RELAY abcdef_relay_1.6.0…not_public: 1 records…client_demo_1.0…", ""},
		{"relay report --day 20260105 --audit audit.jsonl -o json", "", 0, "…\"relay_app_id\": \"abcdef_relay_1.6.0\"…\"p50\": 1.25…", ""},
		{"relay report --day 20260105 --audit audit.jsonl -o html", "", 0, "<!DOCTYPE html>…中继诚实度报告…abcdef_relay_1.6.0…</html>", ""},
		{"relay report --day 20260106 --audit audit.jsonl", "", 0, "…no login through a relay on 20260106…", ""},
	})
}
