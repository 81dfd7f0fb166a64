package supportbundle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestText: what has the form of an address goes, and what only looks like one stays.
func TestText(t *testing.T) {
	r := newRedactor()
	r.addHost("db.firm")
	r.account("88001234")
	for _, stays := range []string{
		"2026-03-04T09:02:03.123+08:00", "at 12:34:56", "server.go:2102", "127.0.0.1:9464", "0.0.0.0:41205", "[::1]:1", "[::]:1", "1.2.3", "5m0s: late",
		"tradefront_x{le=\"0.005\"} 12", "mydb.firmament", "880012345", "go1.26.8", "a: b: c", "0x4a1b2c", "sha256:0abc",
	} {
		if got := string(r.text([]byte(stays))); got != stays {
			t.Errorf("%q became %q", stays, got)
		}
	}
	for in, want := range map[string]string{
		"10.1.2.3:5432":               "address-…:5432",
		"(203.0.113.*)":               "(address-…)",
		"10.1.2.3.":                   "address-….",
		"2001:db8::1: refused":        "address-…: refused",
		"[2001:db8::1]:80":            "[address-…]:80",
		"at:2001:db8:0:0:0:0:0:1":     "at:address-…",
		"2001:db8:85a3:*, next":       "address-…, next",
		"00:1a:2b:3c:4d:5e":           "address-…",
		"::ffff:10.1.2.3":             "address-…",
		"fe80::1%eth0":                "address-…%eth0",
		"host db.firm:5432":           "host host-…:5432",
		"user 88001234, \"88001234\"": "user account-…, \"account-…\"",
		"account 88****34 of ****":    "account account-… of account-…",
	} {
		got := string(r.text([]byte(in)))
		pattern := want
		for _, kind := range []string{kindAddress, kindHost, kindAccount} {
			for strings.Contains(pattern, kind+"-…") {
				i := strings.Index(got, kind+"-")
				if i < 0 || len(got) < i+len(kind)+1+2*tokenBytes {
					t.Fatalf("%q became %q", in, got)
				}
				token := got[i : i+len(kind)+1+2*tokenBytes]
				pattern = strings.Replace(pattern, kind+"-…", kind+"~", 1)
				got = strings.Replace(got, token, kind+"~", 1)
			}
		}
		if got != pattern {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// TestAuditLine: of what a relay or a terminal chose, only what has its form stays.
func TestAuditLine(t *testing.T) {
	r := newRedactor()
	r.versions["1.0"] = true
	const good = `{"event":"submit","submit_id":"019b7c1e-5c00-7d4e-8a3b-0123456789ab","attempt":"1","terminal_login_time":"2026-01-05 08:59:01","key_version":"1.0","upstream_ref":"4CV33T"}`
	if got, err := r.auditLine([]byte(good)); err != nil || string(got) != good {
		t.Errorf("%s, %v", got, err)
	}
	const customer = "张三 13912345678"
	for _, key := range []string{"submit_id", "attempt", "terminal_login_time", "key_version", "upstream_ref"} {
		for _, value := range []string{customer, "2026-01-05 08:59:01 " + customer, "019b7c1e-5c00-7d4e-8a3b-0123456789ab13912345678", "139123", "1.0 13912345678", "5"} {
			if key == "upstream_ref" && value == "139123" {
				continue
			}
			got, err := r.auditLine([]byte(`{"event":"submit","` + key + `":"` + value + `"}`))
			if want := `{"event":"submit","` + key + `":"` + r.token(kindValue, value) + `"}`; err != nil || string(got) != want {
				t.Errorf("%s, %v, want %s", got, err, want)
			}
		}
	}
}

// TestTail: a tail begins with a line.
func TestTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("first\nsecond\nthird\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for most, want := range map[int64]string{100: "first\nsecond\nthird\n", 9: "third\n", 19: "first\nsecond\nthird\n", 15: "second\nthird\n", 2: ""} {
		got, err := tailOf(path, most)
		if err != nil || string(got) != want {
			t.Errorf("%d: %q, %v, want %q", most, got, err, want)
		}
	}
}
