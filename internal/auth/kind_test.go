package auth

import "testing"

func TestKind(t *testing.T) {
	r, source, master := newTestRegistry(t)
	if _, _, known := r.Kind([]byte("client_a_1.0")); known {
		t.Error("known before the first Refresh")
	}
	relay := app(t, master, "abcdef_relay_1.6.0", "ABCDEFGHIJKLMNOP", true)
	relay.Type = AppOperatorRelay
	source.set(app(t, master, "client_a_1.0", "ABCDEFGHIJKLMNOP", true), app(t, master, "client_b_1.0", "ABCDEFGHIJKLMNOP", false), relay)
	mustRefresh(t, r, true)
	for _, c := range []struct {
		id             string
		kind           AppType
		enabled, known bool
	}{
		{"client_a_1.0", AppDirect, true, true},
		{"client_b_1.0", AppDirect, false, true},
		{"abcdef_relay_1.6.0", AppOperatorRelay, true, true},
		{"client_c_1.0", 0, false, false},
	} {
		if kind, enabled, known := r.Kind([]byte(c.id)); kind != c.kind || enabled != c.enabled || known != c.known {
			t.Errorf("%s: %v, enabled %v, known %v", c.id, kind, enabled, known)
		}
	}
}
