package main

import (
	"strings"
	"testing"
)

// TestExposed: config check tells what others on the network can read; it is no fault.
func TestExposed(t *testing.T) {
	newSite(t)
	for _, tt := range []struct {
		admin, url string
		warnings   []string
	}{
		{"127.0.0.1:9464", "", nil},
		{"[::1]:9464", "", nil},
		{"localhost:9464", "", nil},
		{":9464", "", []string{"warning: admin.address: :9464 can be reached from other machines and asks for no password…"}},
		{"0.0.0.0:9464", "", []string{"warning: admin.address: …"}},
		{"127.0.0.1:9464", "postgres://u@127.0.0.1/d", nil},
		{"127.0.0.1:9464", "postgres://u@db.example/d?sslmode=verify-full", nil},
		{"10.0.0.1:9464", "postgres://u:s3cret@db.example/d", []string{"warning: admin.address: …", "warning: store.url: an attacker on the network path can read…"}},
	} {
		extra := ""
		if tt.url != "" {
			extra = "store: {driver: postgres, url: \"" + tt.url + "\"}\n"
		}
		write(t, "tradefront.yaml", strings.Replace(siteConfig, `"127.0.0.1:0"`+"\ncore", `"`+tt.admin+`"`+"\ncore", 1)+extra)
		got := tradefront("", "config", "check", "-c", "tradefront.yaml")
		var warnings []string
		for line := range strings.Lines(got.out) {
			if strings.HasPrefix(line, "warning: admin") || strings.HasPrefix(line, "warning: store") {
				warnings = append(warnings, strings.TrimSuffix(line, "\n"))
			}
		}
		good := got.status == exitDone && len(warnings) == len(tt.warnings) && !strings.Contains(got.out, "s3cret")
		for i := range tt.warnings {
			good = good && i < len(warnings) && like(tt.warnings[i], warnings[i])
		}
		if !good {
			t.Errorf("%s %s: %+v", tt.admin, tt.url, got)
		}
	}
}
