package config

import (
	"reflect"
	"slices"
)

// reloadable are the keys that a running front can take over. Everything else is decided
// once, when the front starts.
var reloadable = []string{
	"keys", "calendar_file", "log_level", "terminal_info", "replayed_terminal_info", "front.listeners[].trusted_proxies",
	"auth.master_key_file", "core.logins_per_user", "core.logins_burst",
	"limits.connections", "limits.connections_per_source", "limits.unauthenticated", "limits.penalties",
	"limits.exempt_networks", "limits.logins_in_flight", "limits.refusals", "limits.outbound_bytes",
}

// NeedRestart lists the keys in which next differs from c and that a running front cannot
// take over, in the order of the Config struct. A list counts as one key.
//
// What the files hold that a key names is not looked at.
func (c *Config) NeedRestart(next *Config) []string {
	return changed(schema(), reflect.ValueOf(*c), reflect.ValueOf(*next))
}

func changed(f *field, old, next reflect.Value) (paths []string) {
	for i := range f.fields {
		c := &f.fields[i]
		a, b := old.Field(c.index), next.Field(c.index)
		switch {
		case slices.Contains(reloadable, c.path):
		case c.shape == section:
			paths = append(paths, changed(c, a, b)...)
		case c.shape == list:
			if listChanged(c, a, b) {
				paths = append(paths, c.path)
			}
		case !reflect.DeepEqual(a.Interface(), b.Interface()):
			paths = append(paths, c.path)
		}
	}
	return paths
}

func listChanged(f *field, old, next reflect.Value) bool {
	if old.Len() != next.Len() {
		return true
	}
	for i := range old.Len() {
		if len(changed(f, old.Index(i), next.Index(i))) > 0 {
			return true
		}
	}
	return false
}
