package config

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/test/ports"
	"github.com/tradefront/tradefront/test/testmain"
)

// TestOverlappingAddresses holds what the check says of two listeners to what the kernel does with them.
func TestOverlappingAddresses(t *testing.T) {
	hosts := []string{"0.0.0.0", "[::]", "", "127.0.0.1", "127.0.0.2", "[::1]", "[::ffff:127.0.0.1]", "localhost"}
	hosts = slices.DeleteFunc(hosts, func(host string) bool { // nothing overlaps what cannot be listened on at all
		return (host == "[::]" || host == "[::1]") && !testmain.Listens(host[1:len(host)-1])
	})
	port, err := ports.Take()
	if err != nil {
		t.Fatal(err)
	}
	for _, first := range hosts {
		for _, second := range hosts {
			cfg := Config{Front: Front{Listeners: []Listener{{Address: at(fmt.Sprintf("%s:%d", first, port))}, {Address: at(fmt.Sprintf("%s:%d", second, port))}}}}
			faults := cfg.checkAddresses(nil)
			if want := bothBind(t, cfg.Front.Listeners); want != (len(faults) == 0) {
				t.Errorf("%q beside %q: both can be listened on: %t, faults: %v", first, second, want, faults)
			}
		}
	}
}

// TestOverlapNamesBothAddresses, across the three kinds of listeners. Go lets an admin listener on
// 0.0.0.0 take IPv6 too.
func TestOverlapNamesBothAddresses(t *testing.T) {
	cfg := Config{
		Front: Front{Listeners: []Listener{{Address: at("0.0.0.0:7")}, {Address: at("[::]:7")}, {Address: at("[::1]:8")}, {Address: at("firm-a:9")}, {Address: at("firm-b:9")}}},
		Admin: Admin{Address: at("0.0.0.0:8"), HealthAddress: at(":9")},
	}
	const how = "; give one of them another port, or an address of its own"
	var got []string
	for _, f := range cfg.checkAddresses(nil) {
		got = append(got, f.Key+": "+f.Problem+"; "+f.Fix)
	}
	if want := []string{
		"front.listeners[1].address: [::]:7 takes in addresses of front.listeners[0].address (0.0.0.0:7): the kernel lets one of them listen" + how,
		"admin.address: 0.0.0.0:8 takes in addresses of front.listeners[2].address ([::1]:8): the kernel lets one of them listen" + how,
		"admin.health_address: :9 takes in addresses of front.listeners[3].address (firm-a:9): the kernel lets one of them listen" + how,
	}; !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestDebugLevelSaysWhatItAdds: the manual says that it is nothing, until a line of that level is written.
func TestDebugLevelSaysWhatItAdds(t *testing.T) {
	written := false
	for _, room := range []string{"../../internal", "../../cmd"} {
		err := filepath.WalkDir(room, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			written = written || strings.Contains(string(text), ".Debug(")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if says := strings.Contains(strings.Join(schema().child("log_level").help(), " "), "adds nothing yet"); says == written {
		t.Errorf("the manual says that debug adds nothing: %t; lines of that level are written: %t", says, written)
	}
}

// at is an address without fault.
func at(s string) Address {
	a, err := parseAddress(s)
	if err != nil {
		panic(err)
	}
	return a
}

// bothBind listens as package front does.
func bothBind(t *testing.T, listeners []Listener) bool {
	t.Helper()
	for _, l := range listeners {
		network := "tcp"
		if l.Address.Host == "0.0.0.0" {
			network = "tcp4"
		}
		bound, err := net.Listen(network, l.Address.String())
		if err != nil {
			return false
		}
		defer bound.Close()
	}
	return true
}

func TestParseAddress(t *testing.T) {
	for _, good := range []string{"127.0.0.1:0", ":41205", "[::1]:65535", "front-1.example.cn:1", "localhost:80"} {
		if a, err := parseAddress(good); err != nil || a.String() != good {
			t.Errorf("%q: %v, %v", good, a, err)
		}
	}
	for _, bad := range []string{"", "41205", "a", "a:", "a:65536", "a:-1", "a:+1", "a:01", "a:http", "::1:80", "1.2.3:80", "1.2.3.4.5:1", "a b:1", "-a:1", "a..b:1", "a@b:1", "tcp://a:1"} {
		if a, err := parseAddress(bad); err == nil || a.Given() {
			t.Errorf("%q passes as %v", bad, a)
		}
	}
}
