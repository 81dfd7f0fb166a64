package prepare

import (
	"encoding/json"
	"fmt"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/loadtest/population"
	"github.com/tradefront/tradefront/internal/regulation"
)

// MaxCoreAccounts is how many accounts core-sim takes: each has a series of its own.
const MaxCoreAccounts = 65_000

// WriteCoreAccounts writes the accounts of the population as core-sim reads them: a front with a trading core asks that for passwords.
func WriteCoreAccounts(path string, p *population.Population) error {
	if p.Accounts > MaxCoreAccounts {
		return fmt.Errorf("%d accounts: core-sim takes %d at most", p.Accounts, MaxCoreAccounts)
	}
	password, err := json.Marshal(p.Password) // which is YAML too
	if err != nil {
		return fmt.Errorf("the password: %w", err)
	}
	text := []byte("accounts:\n")
	for a := range accounts(p, "") {
		kind := "customer"
		if a.UserType == regulation.UserOperator {
			kind = "operator"
		}
		text = fmt.Appendf(text, "  - {user: %q, password: %s, type: %s}\n", string(a.Account), password, kind)
	}
	return files.Write(path, text, 0o600)
}
