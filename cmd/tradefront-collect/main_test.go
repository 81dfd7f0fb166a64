package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The program says what it is asked, and ends with 0, 1 and 2 as the operator's does.
func TestRun(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "calls"), []byte("time 2026-01-05T01:02:03Z\nhostname trader-01\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args   string
		status int
		out    string
		err    string
	}{
		{"check --lang en --root " + root, 1, "device_name  tr*****01", "tradefront-collect: 6 items are missing: a login of this machine is recorded with flag 3"},
		{"check --lang zh --root " + root, 1, "设备名  tr*****01", "tradefront-collect: 缺 6 项：本机的登录将以异常标识 3 记录"},
		{"check --nosuch", 2, "", "See: tradefront-collect check --help"},
		{"--help", 0, "check", ""},
	} {
		var out, errOut bytes.Buffer
		status := run(strings.Fields(tt.args), nil, nil, &out, &errOut)
		if status != tt.status || !strings.Contains(out.String(), tt.out) || !strings.Contains(errOut.String(), tt.err) {
			t.Errorf("%s: status %d\n%s\n%s", tt.args, status, &out, &errOut)
		}
	}
}
