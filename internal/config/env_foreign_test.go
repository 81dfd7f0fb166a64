package config

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What Kubernetes puts into each container beside a service named tradefront or tradefront-a.
var serviceLinks = []string{
	"TRADEFRONT_SERVICE_HOST=10.96.12.7", "TRADEFRONT_SERVICE_PORT=41205", "TRADEFRONT_SERVICE_PORT_TERMINALS_TLS=41206",
	"TRADEFRONT_PORT=tcp://10.96.12.7:41205", "TRADEFRONT_PORT_41205_TCP=tcp://10.96.12.7:41205",
	"TRADEFRONT_PORT_41205_TCP_PROTO=tcp", "TRADEFRONT_PORT_41205_TCP_PORT=41205", "TRADEFRONT_PORT_41205_TCP_ADDR=10.96.12.7",
	"TRADEFRONT_A_SERVICE_HOST=fd00::7", "TRADEFRONT_A_PORT=tcp://[fd00::7]:41205", "TRADEFRONT_A_PORT_53_UDP_PROTO=udp",
}

func TestForeignVariables(t *testing.T) {
	const yaml = "front: {id: 1}"
	haproxy, err := os.ReadFile("../../configs/haproxy.cfg")
	if err != nil {
		t.Fatal(err)
	}
	env := slices.Clone(serviceLinks)
	for _, m := range regexp.MustCompile(`\$\{(TRADEFRONT_[A-Z_]+)`).FindAllStringSubmatch(string(haproxy), -1) {
		if line := m[1] + "=10.0.0.11:41207"; !slices.Contains(env, line) {
			env = append(env, line)
		}
	}
	if len(env) < len(serviceLinks)+9 {
		t.Errorf("variables of haproxy.cfg: %v", env[len(serviceLinks):])
	}
	if _, faults := parse([]byte(yaml), identified(yaml, env...)); len(faults) > 0 {
		t.Error(faults)
	}
	if said := Ignored(env); !strings.Contains(said, "are ignored: TRADEFRONT_A, TRADEFRONT_A_HEALTH, TRADEFRONT_A_PORT ") || strings.Contains(said, "\n") {
		t.Error(said)
	}
	if said := Ignored(identified(yaml, "PATH=/", "TRADEFRONT_FRONT_ID=2")); said != "" {
		t.Error(said)
	}
	// What only looks like it may be a setting that was misspelt.
	for _, line := range []string{
		"TRADEFRONT_PORT=41205", "TRADEFRONT_SERVICE_HOST=front-a", "TRADEFRONT_SERVICE_PORT=x", "TRADEFRONT_ADMIN_PORT=9464",
		"TRADEFRONT_PORT_41205_TCP_ADDR=", "TRADEFRONT_ADDR=127.0.0.1", "TRADEFRONT_BINDING=1", "TRADEFRONT_PORT=http://x:1",
	} {
		name, _, _ := strings.Cut(line, "=")
		if _, faults := parse([]byte(yaml), identified(yaml, line)); !faults.on(name) {
			t.Errorf("%s was passed over", line)
		}
	}
}

// A command takes its role from the environment, whichever way the file names the database.
func TestEnvironmentNamesTheDatabase(t *testing.T) {
	const file, url = "store: {driver: postgres, url_file: /f}", "store: {driver: postgres, url: 'postgres://a@h/d'}"
	for _, c := range []struct{ yaml, env, url, file string }{
		{file, "TRADEFRONT_STORE_URL=postgres://b@h/d", "postgres://b@h/d", ""},
		{url, "TRADEFRONT_STORE_URL_FILE=/g", "", "/g"},
		{url, "TRADEFRONT_STORE_URL=postgres://b@h/d", "postgres://b@h/d", ""},
		{file, "TRADEFRONT_STORE_URL_FILE=/g", "", "/g"},
		{file, "TRADEFRONT_STORE_URL=", "", "/f"}, // nothing takes the place of nothing
		{file, "", "", "/f"},
	} {
		cfg, faults := parse([]byte(c.yaml), identified(c.yaml, c.env))
		if len(faults) > 0 || !reflect.DeepEqual(cfg.Store.URL, databaseURL(c.url)) || cfg.Store.URLFile.Path != c.file {
			t.Errorf("%s, %s: url %v, url_file %q, %v", c.yaml, c.env, cfg.Store.URL.url, cfg.Store.URLFile.Path, faults)
		}
	}
	both := []string{"TRADEFRONT_STORE_URL=postgres://b@h/d", "TRADEFRONT_STORE_URL_FILE=/g"}
	if _, faults := parse([]byte(url), identified(url, both...)); !faults.on("store.url") {
		t.Error("both from the environment were accepted")
	}
}
