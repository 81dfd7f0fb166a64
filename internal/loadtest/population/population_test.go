package population

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/regulation"
)

func made(t *testing.T) *Population {
	t.Helper()
	p, err := New(Options{BrokerID: "9999", Accounts: 1234, Apps: 3, SM4: 1, OperatorRelays: 2, InvestorRelays: 1})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestRead: what Read returns is what was written, and the file is for its owner alone.
func TestRead(t *testing.T) {
	t.Parallel()
	p, path := made(t), filepath.Join(t.TempDir(), "p.json")
	if err := p.Write(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, mode %v, want 0600", err, info.Mode())
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, got, cmp.Comparer(func(a, b auth.AuthCode) bool { return a.Reveal() == b.Reveal() })); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); !errors.As(err, new(*files.ModeError)) || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file that a group may read: %v", err)
	}
}

// TestNames: each account has one index, and AppIDs have no account twice.
func TestNames(t *testing.T) {
	t.Parallel()
	p := made(t)
	if first, last := p.Account(0), p.Account(p.Accounts-1); first != "LT0000001" || last != "LT0001234" {
		t.Errorf("from %s to %s", first, last)
	}
	for i := range p.Accounts {
		a := p.Account(i)
		if _, err := regulation.ParseAccount(string(a)); err != nil {
			t.Fatalf("%s: %v", a, err)
		}
		if j, known := p.Index(a); !known || j != i {
			t.Fatalf("%s has index %d, %v, want %d", a, j, known, i)
		}
	}
	for _, stranger := range []regulation.Account{"LT0000000", "LT0001235", "LT00000001", "lt0000001", "LTOP0001", "LT000000x", "0000001", ""} {
		if i, known := p.Index(stranger); known {
			t.Errorf("%q is account %d", stranger, i)
		}
	}
	if p.Apps[1].Cipher != auth.AES || p.Apps[2].Cipher != auth.SM4 || p.AppOf(4) != &p.Apps[1] {
		t.Errorf("%+v", p.Apps)
	}
	if r := p.Relays; r[0].Operator != "LTOP0001" || r[1].Type != auth.AppOperatorRelay || r[2].Type != auth.AppInvestorRelay || r[2].Operator != "" {
		t.Errorf("%+v", r)
	}
}

// TestChangedFile: each fault is refused by its name, and no error shows a secret.
func TestChangedFile(t *testing.T) {
	t.Parallel()
	p, path := made(t), filepath.Join(t.TempDir(), "p.json")
	if err := p.Write(path); err != nil {
		t.Fatal(err)
	}
	data, err := files.Read(path, MaxLen)
	if err != nil {
		t.Fatal(err)
	}
	code := p.Apps[0].AuthCode.Reveal()
	for _, c := range []struct{ old, changed, want string }{
		{"population 1", "population 2", "this program knows"},
		{`"count": 1234`, `"count": 0`, "accounts"},
		{`"count": 1234`, `"count": 99999999`, "accounts"},
		{`"digits": 7`, `"digits": 3`, "do not fit"},
		{`"prefix": "LT"`, `"prefix": "L T"`, "prefix"},
		{`"first": 1`, `"first": 1, "last": 2`, "last"},
		{code, code[1:], "16"},
		{`"cipher": "sm4"`, `"cipher": "des"`, "des"},
		{`"type": "3"`, `"type": "4"`, "type"},
		{`"type": "1"`, `"type": "2"`, "direct"},
		{`"operator": "LTOP0001"`, `"operator": "LT0000001"`, "operator"},
		{"loadtest_LT00002_1.0", "loadtest_LT00001_1.0", "twice"},
		{p.Password, p.Password + " ", "space"},
		{"{", "", "JSON"},
		{"}\n", "} {}\n", "JSON"},
	} {
		text := strings.Replace(string(data), c.old, c.changed, 1)
		if c.old == "}\n" {
			text = string(data) + "{}"
		}
		if text == string(data) {
			t.Fatalf("%q is not in the file", c.old)
		}
		_, err := parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q: %v, want %q", c.changed, c.old, err, c.want)
		} else if strings.Contains(err.Error(), code[1:]) || strings.Contains(err.Error(), p.Password) {
			t.Errorf("the error shows a secret: %v", err)
		}
	}
}

func TestOptionsOutOfBounds(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{
		{BrokerID: "9999", Apps: 1},
		{BrokerID: "9999", Accounts: 1},
		{Accounts: 1, Apps: 1},
		{BrokerID: "9999", Accounts: MaxAccounts + 1, Apps: 1},
		{BrokerID: "9999", Accounts: 1, Apps: 1, SM4: 2},
		{BrokerID: "9999", Accounts: 1, Apps: 1, OperatorRelays: MaxRelays + 1},
		{BrokerID: "9999", Accounts: 1, Apps: 1, Prefix: "lt"},
		{BrokerID: "9999", Accounts: 1, Apps: 1, Password: "x "},
	} {
		if p, err := New(o); err == nil {
			t.Errorf("%+v made %+v", o, p)
		}
	}
}
