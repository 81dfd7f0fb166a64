package directory

import (
	"context"
	"database/sql"
	"encoding/binary"
	"hash/maphash"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// mirrorChange is what makes the mirror equal to PostgreSQL: one changed account of
// 100,000 is one row written, and logins, whose commits wait meanwhile, do not notice.
type mirrorChange struct {
	source       position
	whole        bool // it was found by a comparison of all
	partial      bool // some of it is in the mirror already, and is not among the rows
	apps         []auth.App
	accounts     []local.Account
	goneApps     []regulation.AppID // one may be among apps too: it was added again
	goneAccounts []regulation.Account
	relays       relayChange
	bans         banChange
}

func (c *mirrorChange) empty() bool {
	return len(c.apps)+len(c.accounts)+len(c.goneApps)+len(c.goneAccounts) == 0 && c.relays.empty() && !c.bans.differ
}

func (c *mirrorChange) compareApps(had, has []auth.App) {
	changed, gone := differ(had, has, func(a *auth.App) regulation.AppID { return a.AppID })
	c.apps, c.goneApps = changed, slices.Collect(maps.Keys(gone))
}

// accountHashes tell the accounts that differ without keeping them: 64 bits under a key of the moment, so that two rows
// with one hash are not to be made, and do not happen.
type accountHashes struct {
	seed maphash.Seed
	rows map[regulation.Account]uint64
	text []byte
}

func newAccountHashes() *accountHashes {
	return &accountHashes{seed: maphash.MakeSeed(), rows: make(map[regulation.Account]uint64)}
}

func (h *accountHashes) add(a *local.Account) error {
	h.rows[a.Account] = h.of(a)
	return nil
}

func (h *accountHashes) of(a *local.Account) uint64 {
	h.text = append(h.text[:0], byte(a.UserType), byte(a.State))
	for _, t := range [...]time.Time{a.Created, a.Changed, a.Unlocked} {
		h.text = binary.LittleEndian.AppendUint64(h.text, uint64(sqlrows.Micros(t)))
	}
	return maphash.Bytes(h.seed, append(h.text, a.PasswordHash...))
}

// differs reports whether the row is none of those that were added, and takes it out of them.
func (h *accountHashes) differs(a *local.Account) bool {
	was, known := h.rows[a.Account]
	delete(h.rows, a.Account)
	return !known || was != h.of(a)
}

// left are those that were not taken out.
func (h *accountHashes) left() []regulation.Account { return slices.Collect(maps.Keys(h.rows)) }

// differ are the rows of has that had lacks or has otherwise, and the keys that are gone.
func differ[T any, K comparable](had, has []T, key func(*T) K) (changed []T, gone map[K]bool) {
	before := make(map[K]*T, len(had))
	for i := range had {
		before[key(&had[i])] = &had[i]
	}
	for i := range has {
		k := key(&has[i])
		if old := before[k]; old == nil || !reflect.DeepEqual(*old, has[i]) {
			changed = append(changed, has[i])
		}
		delete(before, k)
	}
	gone = make(map[K]bool, len(before))
	for k := range before {
		gone[k] = true
	}
	return changed, gone
}

// rowsAtOnce is how many accounts one transaction writes: commits of logins wait for it some milliseconds.
const rowsAtOnce = 250

// takeAccounts takes that many accounts out of the change: those that go first, since one may go and come again.
func (c *mirrorChange) takeAccounts() (part mirrorChange) {
	n := min(rowsAtOnce, len(c.goneAccounts))
	part.goneAccounts, c.goneAccounts = c.goneAccounts[:n], c.goneAccounts[n:]
	n = min(rowsAtOnce-n, len(c.accounts))
	part.accounts, c.accounts = c.accounts[:n], c.accounts[n:]
	return part
}

// apply writes the change; what goes, goes first.
func (c *mirrorChange) apply(ctx context.Context, conn *sql.Conn) error {
	for _, id := range c.goneApps {
		if _, err := conn.ExecContext(ctx, "DELETE FROM mirror_app WHERE app_id = ?", string(id)); err != nil {
			return err
		}
	}
	if err := deleteRows(ctx, conn, c.goneAccounts); err != nil {
		return err
	}
	if err := putRows(ctx, conn, "mirror_app", appColumns, c.apps, appArgs); err != nil {
		return err
	}
	if err := putRows(ctx, conn, "mirror_account", accountColumns, c.accounts, accountArgs); err != nil {
		return err
	}
	if err := c.bans.apply(ctx, conn); err != nil {
		return err
	}
	return c.relays.apply(ctx, conn)
}

func deleteRows(ctx context.Context, conn *sql.Conn, accounts []regulation.Account) error {
	if len(accounts) == 0 {
		return nil
	}
	gone, err := conn.PrepareContext(ctx, "DELETE FROM mirror_account WHERE account = ?")
	if err != nil {
		return err
	}
	defer gone.Close()
	for _, account := range accounts {
		if _, err := gone.ExecContext(ctx, string(account)); err != nil {
			return err
		}
	}
	return nil
}

func putRows[T any](ctx context.Context, conn *sql.Conn, table, columns string, rows []T, args func(*T) []any) error {
	if len(rows) == 0 {
		return nil
	}
	put, err := conn.PrepareContext(ctx, "INSERT OR REPLACE"+insertRow(table, columns)[len("INSERT"):]) //nolint:gosec // G202: table and columns are our own
	if err != nil {
		return err
	}
	defer put.Close()
	for i := range rows {
		if _, err := put.ExecContext(ctx, args(&rows[i])...); err != nil {
			return err
		}
	}
	return nil
}
