package auth

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/tradefront/tradefront/internal/regulation"
)

// Bounds of a binding: each front has all of them in memory, and a row of the directory is read as a whole.
const (
	MaxBoundAccounts = 1000 // in each of the two lists
	MaxBoundNetworks = 100
)

// Binding limits what terminals of a direct AppID may do. The zero Binding limits nothing. A relay has a relay.Permission
// instead.
type Binding struct {
	// Accounts may log in through the AppID, and no others; every account if it is empty.
	Accounts []AccountPattern
	// Networks are where its terminals may connect from, and nowhere else; everywhere if it is empty.
	Networks []netip.Prefix
	// Confined accounts log in through this AppID, or through another that has them here, and through no other direct AppID.
	Confined []regulation.Account
}

// AccountPattern is an account, or the beginning of accounts with a * behind it.
type AccountPattern string

// ParseAccountPattern reads an account, or the beginning of accounts with a * behind it: 8001*.
func ParseAccountPattern(s string) (AccountPattern, error) {
	if _, err := regulation.ParseAccount(strings.TrimSuffix(s, "*")); err != nil {
		return "", fmt.Errorf("%q is neither an account nor the beginning of accounts as 8001*: %w", s, err)
	}
	return AccountPattern(s), nil
}

// Empty reports whether b limits nothing.
func (b *Binding) Empty() bool { return len(b.Accounts)+len(b.Networks)+len(b.Confined) == 0 }

// BindingText is a Binding as a row of the directory has it: each list sorted and joined by spaces.
type BindingText struct{ Accounts, Networks, Confined string }

// Text is b as a row has it. An error says that b is longer than it may be.
func (b *Binding) Text() (t BindingText, err error) {
	for _, list := range []struct {
		name      string
		n, atMost int
	}{
		{"accounts", len(b.Accounts), MaxBoundAccounts}, {"confined accounts", len(b.Confined), MaxBoundAccounts}, {"networks", len(b.Networks), MaxBoundNetworks},
	} {
		if list.n > list.atMost {
			return t, fmt.Errorf("%s: %d, and an AppID may be bound to %d at most", list.name, list.n, list.atMost)
		}
	}
	return BindingText{joined(b.Accounts), joined(b.Networks), joined(b.Confined)}, nil
}

func joined[T any](list []T) string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = fmt.Sprint(v)
	}
	slices.Sort(texts)
	return strings.Join(slices.Compact(texts), " ")
}

// Parse reads a row's texts. An error says that a person wrote into the row what this program never writes.
func (t *BindingText) Parse() (b Binding, err error) {
	if b.Accounts, err = parsed(t.Accounts, ParseAccountPattern); err != nil {
		return b, err
	}
	if b.Networks, err = parsed(t.Networks, netip.ParsePrefix); err != nil {
		return b, err
	}
	b.Confined, err = parsed(t.Confined, regulation.ParseAccount)
	return b, err
}

func parsed[T any](text string, parse func(string) (T, error)) (list []T, err error) {
	for word := range strings.FieldsSeq(text) {
		v, err := parse(word)
		if err != nil {
			return nil, fmt.Errorf("binding: %w", err)
		}
		list = append(list, v)
	}
	return list, nil
}

// binding is a Binding ready to be asked.
type binding struct {
	accounts map[string]struct{}
	prefixes []string
	anyone   bool // no account is named
	networks []netip.Prefix
	confined []regulation.Account
}

// newBinding is nil for a binding that limits nothing.
func newBinding(t *BindingText) (*binding, error) {
	b, err := t.Parse()
	if err != nil || b.Empty() {
		return nil, err
	}
	c := &binding{accounts: make(map[string]struct{}), anyone: len(b.Accounts) == 0, networks: b.Networks, confined: b.Confined}
	for _, a := range b.Accounts {
		if prefix, is := strings.CutSuffix(string(a), "*"); is {
			c.prefixes = append(c.prefixes, prefix)
			continue
		}
		c.accounts[string(a)] = struct{}{}
	}
	return c, nil
}

// from says whether terminals may connect from that address.
func (b *binding) from(addr netip.Addr) bool {
	return b == nil || len(b.networks) == 0 ||
		slices.ContainsFunc(b.networks, func(n netip.Prefix) bool { return n.Contains(addr.Unmap().WithZone("")) })
}

// account says whether it may log in.
func (b *binding) account(account []byte) bool {
	if b == nil || b.anyone {
		return true
	}
	if _, named := b.accounts[string(account)]; named {
		return true
	}
	return slices.ContainsFunc(b.prefixes, func(p string) bool { return len(account) >= len(p) && string(account[:len(p)]) == p })
}

// confinement is, by account, the AppIDs through which alone it logs in; nil if no account is confined.
type confinement map[string][]string

// confine gathers what each AppID of the snapshot has. An AppID whose row cannot be used has nothing.
func (s *snapshot) confine() {
	s.confined = nil
	for id, app := range s.apps.All() {
		if app.binding == nil {
			continue
		}
		for _, account := range app.binding.confined {
			if s.confined == nil {
				s.confined = make(confinement)
			}
			s.confined[string(account)] = append(s.confined[string(account)], id)
		}
	}
}

// reconfine is confine after a change of some AppIDs, of which last is the state before: it looks at all AppIDs only if it must.
func (s *snapshot) reconfine(last *snapshot, changed map[string]admitted, left []string) {
	confines := func(a admitted) bool { return a.binding != nil && len(a.binding.confined) > 0 }
	due := false
	for id, app := range changed {
		was, _ := last.apps.Get(id)
		due = due || confines(app) || confines(was)
	}
	for _, id := range left {
		was, _ := last.apps.Get(id)
		due = due || confines(was)
	}
	if due {
		s.confine()
	}
}

// AdmitsFrom says whether terminals of a direct AppID may connect from that address: OK or OtherNetwork. An AppID that is not known is
// not bound.
func (r *Registry) AdmitsFrom(appID []byte, addr netip.Addr) Verdict {
	app, _ := r.snapshot().apps.Get(string(appID))
	if !app.binding.from(addr) {
		return OtherNetwork
	}
	return OK
}

// AdmitsLogin says whether an account may log in through a direct AppID from that address: OK, OtherNetwork, OtherAccount or
// ConfinedAccount. It tells by no secret: who asks has proved the AppID.
func (r *Registry) AdmitsLogin(appID, account []byte, addr netip.Addr) Verdict {
	s := r.snapshot()
	app, _ := s.apps.Get(string(appID))
	switch {
	case !app.binding.from(addr):
		return OtherNetwork
	case !app.binding.account(account):
		return OtherAccount
	}
	if homes, confined := s.confined[string(account)]; confined && !slices.Contains(homes, string(appID)) {
		return ConfinedAccount
	}
	return OK
}
