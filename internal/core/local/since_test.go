package local

import (
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

// TestChangesAreTakenOverAlone: of a change the changed rows are read, and it counts as if all had been.
func TestChangesAreTakenOverAlone(t *testing.T) {
	h := newHouse(t, nil)
	carol := regulation.Account("55555555")
	change := func(changed []Account, gone ...regulation.Account) {
		t.Helper()
		h.source.mu.Lock()
		h.source.generation++
		h.source.since = func(int64) ([]Account, []regulation.Account) { return changed, gone }
		h.source.mu.Unlock()
	}
	change([]Account{account(t, carol, regulation.UserCustomer, "hers")})
	h.refresh()
	h.want("an added account", h.try(carol, "hers", home), 0)
	h.want("the others stay", h.try(alice, "right", home), 0)

	change([]Account{account(t, alice, regulation.UserCustomer, "other")})
	h.refresh()
	h.want("the password before, remembered", h.try(alice, "right", elsewhere), reason.WrongPassword)
	h.want("the new one", h.try(alice, "other", home), 0)

	change(nil, carol)
	h.refresh()
	h.want("a removed account, remembered", h.try(carol, "hers", home), reason.UnknownAccount)
	change([]Account{account(t, carol, regulation.UserCustomer, "again")}, carol)
	h.refresh()
	h.want("removed and added", h.try(carol, "again", home), 0)

	broken := account(t, carol, regulation.UserCustomer, "again")
	broken.PasswordHash = "none"
	change([]Account{broken})
	if changed, err := h.Refresh(t.Context()); !changed || err == nil {
		t.Fatalf("a row that cannot be used: changed %v, %v", changed, err)
	}
	h.want("its account", h.try(carol, "again", elsewhere), reason.UnknownAccount)
	change([]Account{account(t, bob, regulation.UserOperator, "right")})
	if _, err := h.Refresh(t.Context()); err == nil {
		t.Error("a change of another account forgets the row that cannot be used")
	}
	change(nil, carol)
	h.refresh()
	if h.source.reads != 1 {
		t.Errorf("all accounts were read %d times, want once", h.source.reads)
	}
}

// TestUnlockByAChange: an unlock that comes as a change lifts the locks.
func TestUnlockByAChange(t *testing.T) {
	h := newHouse(t, nil)
	for range 20 {
		h.try(alice, "wrong", home)
	}
	h.want("locked", h.try(alice, "right", home), reason.AccountLocked)
	row := account(t, alice, regulation.UserCustomer, "right")
	row.Unlocked = time.Now()
	h.source.mu.Lock()
	h.source.generation++
	h.source.since = func(int64) ([]Account, []regulation.Account) { return []Account{row}, nil }
	h.source.mu.Unlock()
	h.refresh()
	h.want("unlocked", h.try(alice, "right", home), 0)
}

// TestStates: a disabled account is refused only to who knows its password, a removed one is unknown, and both are barred.
func TestStates(t *testing.T) {
	for _, whole := range []bool{true, false} {
		h := newHouse(t, nil)
		change := func(state State) {
			t.Helper()
			row := account(t, alice, regulation.UserCustomer, "right")
			row.State = state
			if state == Removed {
				row.PasswordHash = ""
			}
			h.source.set(row, account(t, bob, regulation.UserOperator, "right"))
			h.source.mu.Lock()
			if h.source.since = nil; !whole {
				h.source.since = func(int64) ([]Account, []regulation.Account) { return []Account{row}, nil }
			}
			h.source.mu.Unlock()
			h.refresh()
		}
		h.want("enabled", h.try(alice, "right", home), 0)
		if h.Barred() {
			t.Error("accounts are barred, and none was disabled")
		}
		change(Disabled)
		h.want("disabled, the right password", h.try(alice, "right", home), reason.AccountDisabled)
		h.want("disabled, a wrong one", h.try(alice, "wrong", home), reason.WrongPassword)
		h.want("another", h.try(bob, "right", home), 0)
		if known, disabled := h.Known([]byte(alice)); !known || !disabled || !h.Barred() || h.Barred() {
			t.Errorf("known %v, disabled %v", known, disabled)
		}
		change(Enabled)
		h.want("enabled again", h.try(alice, "right", home), 0)
		h.Barred()
		change(Removed)
		h.want("removed", h.try(alice, "right", home), reason.UnknownAccount)
		if known, _ := h.Known([]byte(alice)); known || !h.Barred() {
			t.Error("a removed account is known, or not barred")
		}
	}
	if reason.AccountDisabled.Code() != reason.WrongPassword.Code() {
		t.Error("a terminal learns that the account is disabled")
	}
}
