package deploy

import "testing"

// TestTemplateUnit: a front of several on a host runs as a single one does, but for its paths.
func TestTemplateUnit(t *testing.T) {
	t.Parallel()
	one, several := settings(t, "tradefront.service"), settings(t, "tradefront@.service")
	for key, value := range map[string]string{
		"Description":      "tradefront front %i, the gateway that records customers' logins",
		"ExecStart":        "/usr/local/bin/tradefront serve --config /etc/tradefront/%i.yaml",
		"ExecReload":       "/usr/local/bin/tradefront front reload --pid $MAINPID --config /etc/tradefront/%i.yaml",
		"StateDirectory":   "tradefront/%i",
		"LogsDirectory":    "tradefront/%i",
		"WorkingDirectory": "/var/lib/tradefront/%i",
	} {
		if several[key] != value {
			t.Errorf("%s is %q, want %q", key, several[key], value)
		}
		delete(one, key)
		delete(several, key)
	}
	for key, value := range one {
		if several[key] != value {
			t.Errorf("tradefront@.service has %s=%q, tradefront.service %q", key, several[key], value)
		}
	}
	if len(one) != len(several) {
		t.Errorf("tradefront@.service has %d settings, tradefront.service %d", len(several), len(one))
	}
}
