package logs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/zap"
)

func TestLogger(t *testing.T) {
	var out bytes.Buffer
	l := NewLogger(zap.NewAtomicLevel(), &out)
	l.Debug("not shown")
	l.Info("login", zap.Stringer("account", Masked("88886666")), zap.Any("address", MaskedAddr(netip.MustParseAddr("203.0.113.7"))))
	want := regexp.MustCompile(`^\{"level":"info","time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+08:00","msg":"login","account":"88\*\*\*\*66","address":"203\.0\.113\.\*"\}\n$`)
	if !want.MatchString(out.String()) {
		t.Errorf("%q", out.String())
	}
}

func TestMasked(t *testing.T) {
	for in, want := range map[string]string{
		"": "****", "1234": "****", "12345": "****", "123456": "12****56", "88888888": "88****88", "期货账户一二": "期货****一二",
	} {
		if got := Masked(in).String(); got != want {
			t.Errorf("%q shows as %q, want %q", in, got, want)
		}
	}
}

func TestMaskedAddr(t *testing.T) {
	for in, want := range map[string]string{
		"203.0.113.7": "203.0.113.*", "::ffff:203.0.113.7": "203.0.113.*",
		"2001:db8:85a3:1:2:3:4:5": "2001:db8:85a3:*", "::1": "0:0:0:*", "fe80::1%eth0": "fe80:0:0:*",
	} {
		if got := MaskedAddr(netip.MustParseAddr(in)).String(); got != want {
			t.Errorf("%s shows as %s, want %s", in, got, want)
		}
	}
	if got := (MaskedAddr{}).String(); got != "none" {
		t.Errorf("no address shows as %s", got)
	}
}

// However it is printed, a masked value does not show.
func TestMaskedEveryWay(t *testing.T) {
	account, addr := Masked("1234567890"), MaskedAddr(netip.MustParseAddr("203.0.113.77"))
	encoded, err := json.Marshal([]any{account, addr})
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%v %s %q %+v %#v %v %#v %+v", account, account, account, account, account, addr, addr, addr) + string(encoded)
	if strings.Contains(all, "345678") || strings.Contains(all, "77") {
		t.Error(all)
	}
}
