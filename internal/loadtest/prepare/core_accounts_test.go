package prepare

import (
	"path/filepath"
	"testing"

	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/internal/loadtest/population"
)

// TestCoreAccounts: core-sim reads what was written, and knows every account, operators as such.
func TestCoreAccounts(t *testing.T) {
	t.Parallel()
	p, err := population.New(population.Options{BrokerID: "9999", Accounts: 20, Apps: 1, OperatorRelays: 2, InvestorRelays: 1, Password: `a"b\c: {é}`})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "core.yaml")
	if err := WriteCoreAccounts(path, p); err != nil {
		t.Fatal(err)
	}
	list, err := coresim.LoadAccounts(path)
	if err != nil || len(list) != 22 {
		t.Fatalf("%d accounts, %v", len(list), err)
	}
	for i, a := range list {
		want, kind := string(p.Relays[max(i-20, 0)].Operator), "operator"
		if i < 20 {
			want, kind = string(p.Account(i)), "customer"
		}
		if a.User != want || a.Password != p.Password || a.Type != kind {
			t.Errorf("%d: %+v, want %s, %s", i, a, want, kind)
		}
	}
	p.Accounts = MaxCoreAccounts + 1
	if err := WriteCoreAccounts(path, p); err == nil {
		t.Error("more accounts than core-sim takes were written")
	}
}
