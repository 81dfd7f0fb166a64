package relay

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// Table is the permissions of all relays in memory, ready to be asked. It is safe for concurrent use; readers never
// wait for a Refresh. Make it with NewTable.
type Table struct {
	source Source
	now    func() time.Time // of the monotonic clock: rates and budgets

	refreshing sync.Mutex // one Refresh at a time; guards traffic
	traffic    map[regulation.AppID]*Traffic
	current    atomic.Pointer[snapshot]
}

// snapshot is never changed once it is stored.
type snapshot struct {
	generation int64
	relays     map[string]*Relay
}

// NewTable returns a Table without relays; the first Refresh brings them.
func NewTable(source Source) *Table { return NewTableAt(source, time.Now) }

// NewTableAt is NewTable with a clock of its own, which rates and budgets are measured by.
func NewTableAt(source Source, now func() time.Time) *Table {
	return &Table{source: source, now: now, traffic: make(map[regulation.AppID]*Traffic)}
}

// Loaded reports whether a Refresh has ever succeeded: before that a front that admits relays is not ready.
func (t *Table) Loaded() bool { return t.current.Load() != nil }

// Refresh takes over the source's state if its generation moved, and reports whether it did. After an error the last
// known state stays in force.
func (t *Table) Refresh(ctx context.Context) (changed bool, err error) {
	t.refreshing.Lock()
	defer t.refreshing.Unlock()
	// The generation is read before the rows: a change between the two is then seen again at the next Refresh, never
	// missed.
	generation, err := t.source.Generation(ctx)
	if err != nil {
		return false, fmt.Errorf("generation of the relays: %w", err)
	}
	if last := t.current.Load(); last != nil && last.generation == generation {
		return false, nil
	}
	permissions, grants, err := t.source.Relays(ctx)
	if err != nil {
		return false, fmt.Errorf("read the relays: %w", err)
	}
	t.current.Store(t.read(generation, permissions, grants))
	return true, nil
}

// read makes a snapshot. What was counted of a relay goes on being counted: a change of its rate fills no bucket, and its
// connections stay.
func (t *Table) read(generation int64, permissions []Permission, grants []Grant) *snapshot {
	s := &snapshot{generation, make(map[string]*Relay, len(permissions))}
	for i := range permissions {
		p := &permissions[i]
		traffic := t.traffic[p.AppID]
		if traffic == nil {
			traffic = newTraffic(t.now)
			t.traffic[p.AppID] = traffic
		}
		s.relays[string(p.AppID)] = newRelay(p, traffic)
	}
	for i := range grants {
		if r := s.relays[string(grants[i].AppID)]; r != nil {
			r.grant(&grants[i])
		}
	}
	return s
}

// Find is the relay with that AppID, nil if nothing was granted to it. It allocates nothing. It works on a nil Table, which
// has no relays.
func (t *Table) Find(appID []byte) *Relay {
	if t == nil {
		return nil
	}
	s := t.current.Load()
	if s == nil {
		return nil
	}
	return s.relays[string(appID)]
}

// ConnectionsFrom is how many connections the relays may have that may come from addr, together.
func (t *Table) ConnectionsFrom(addr netip.Addr) (n int) {
	if t == nil || t.current.Load() == nil {
		return 0
	}
	for _, r := range t.current.Load().relays {
		if r.Admits(addr) {
			n += r.Connections
		}
	}
	return n
}

// All lists the relays by their AppIDs.
func (t *Table) All() []*Relay {
	if t == nil || t.current.Load() == nil {
		return nil
	}
	all := make([]*Relay, 0, len(t.current.Load().relays))
	for _, r := range t.current.Load().relays {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *Relay) int { return strings.Compare(string(a.AppID), string(b.AppID)) })
	return all
}

// Relay is what one relay may do, as of one Refresh, and what it does.
type Relay struct {
	Permission
	*Traffic

	operators map[string]struct{}
	apps      map[string]struct{} // AllowedApps; empty is every AppID
	scopes    map[string]*scope   // by operator
}

func newRelay(p *Permission, traffic *Traffic) *Relay {
	r := &Relay{Permission: *p, Traffic: traffic, scopes: make(map[string]*scope)}
	r.operators = setOf(p.Operators)
	r.apps = setOf(p.AllowedApps)
	return r
}

func setOf[S ~string](all []S) map[string]struct{} {
	set := make(map[string]struct{}, len(all))
	for _, s := range all {
		set[string(s)] = struct{}{}
	}
	return set
}

// Admits reports whether the relay may come from addr.
func (r *Relay) Admits(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(r.Networks, func(n netip.Prefix) bool { return n.Contains(addr) })
}

// HasOperator reports whether the account is among the operators who may log in through the relay.
func (r *Relay) HasOperator(account []byte) bool {
	_, has := r.operators[string(account)]
	return has
}

// MayCarry reports whether terminals with that AppID may come through the relay, if the firm has admitted them at all.
func (r *Relay) MayCarry(appID []byte) bool {
	if len(r.apps) == 0 {
		return true
	}
	_, may := r.apps[string(appID)]
	return may
}

// InScope reports whether the operator may report for the account through this relay.
func (r *Relay) InScope(operator, account []byte) bool {
	s := r.scopes[string(operator)]
	return s != nil && s.has(account)
}

func (r *Relay) grant(g *Grant) {
	s := r.scopes[string(g.Operator)]
	if s == nil {
		s = &scope{singles: make(map[string]struct{}), prefixes: make(map[string]struct{})}
		r.scopes[string(g.Operator)] = s
	}
	s.add(g.Kind, g.Value)
}
