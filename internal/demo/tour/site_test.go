package tour

import (
	"testing"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/demo/site"
	"github.com/tradefront/tradefront/internal/regulation"
)

// The relays of a linked site are in its registry, by their types; a site without relays has none.
func TestASiteAdmitsItsRelays(t *testing.T) {
	made, err := site.NewLinked(t.TempDir(), "", "127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Enrol(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := made.Firm.Relays
	if r == nil || r.Investor.AppID != site.InvestorRelay || r.Operator.AppID != site.OperatorRelay || r.As.UserType != regulation.UserOperator {
		t.Fatalf("%+v", r)
	}
	if r.Investor.AuthCode == r.Operator.AuthCode || r.Investor.Cipher != demo.ClientCipher(auth.AES) {
		t.Errorf("%+v", r)
	}
	alone, err := site.New(t.TempDir(), "", "127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := alone.Enrol(t.Context()); err != nil || alone.Firm.Relays != nil {
		t.Errorf("%+v, %v", alone.Firm.Relays, err)
	}
}
