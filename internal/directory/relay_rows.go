package directory

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// Rows of relays: in tables relay and relay_scope of either database, and in mirror_relay and
// mirror_relay_scope of the local store.

const (
	relayColumns = "app_id, networks, operators, terminal_apps, allowed_apps, client_certs, " +
		"connections, rate, burst, window_size, chained, scope_version, created, changed"
	grantColumns = "app_id, operator, kind, value"
)

// relayRow is a row of table relay.
type relayRow struct {
	relay.Permission
	scopeVersion string
}

func relayArgs(r *relayRow) []any {
	return []any{
		string(r.AppID), listOf(r.Networks), listOf(r.Operators), string(r.TerminalApps), listOf(r.AllowedApps), listOf(r.ClientCerts),
		r.Connections, r.Rate, r.Burst, r.Window, sqlrows.FlagOf(r.Chained), r.scopeVersion, sqlrows.Micros(r.Created), sqlrows.Micros(r.Changed),
	}
}

func grantArgs(g *relay.Grant) []any {
	return []any{string(g.AppID), string(g.Operator), string(rune(g.Kind)), g.Value}
}

// listOf is a list as a column holds it: a JSON array, never null.
func listOf[T netip.Prefix | regulation.AppID | regulation.Account | relay.CertDigest](list []T) string {
	if len(list) == 0 {
		return "[]"
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic("directory: " + err.Error()) // texts are always written
	}
	return string(text)
}

// readList is the opposite of listOf.
func readList[T any](column, text string) (list []T, err error) {
	if text == "[]" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("store: relay.%s: %w", column, err)
	}
	return list, nil
}

// readRelays reads from q, which is db or a transaction on it.
func readRelays(ctx context.Context, db *sqlrows.Tables, q sqlrows.Queryer, table string) ([]relayRow, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+relayColumns+" FROM "+table+" ORDER BY app_id")
	if err != nil {
		return nil, db.Explain(ctx, err)
	}
	defer rows.Close()
	var all []relayRow
	for rows.Next() {
		var r relayRow
		var networks, operators, apps, certs string
		var chained int16
		var created, changed int64
		if err := rows.Scan(&r.AppID, &networks, &operators, &r.TerminalApps, &apps, &certs,
			&r.Connections, &r.Rate, &r.Burst, &r.Window, &chained, &r.scopeVersion, &created, &changed); err != nil {
			return nil, db.Explain(ctx, err)
		}
		if r.Networks, err = readList[netip.Prefix]("networks", networks); err != nil {
			return nil, err
		}
		if r.Operators, err = readList[regulation.Account]("operators", operators); err != nil {
			return nil, err
		}
		if r.AllowedApps, err = readList[regulation.AppID]("allowed_apps", apps); err != nil {
			return nil, err
		}
		if r.ClientCerts, err = readList[relay.CertDigest]("client_certs", certs); err != nil {
			return nil, err
		}
		r.Chained, r.Created, r.Changed = chained != 0, sqlrows.FromMicros(created), sqlrows.FromMicros(changed)
		all = append(all, r)
	}
	return all, db.Explain(ctx, rows.Err())
}

// readGrants reads the grants that the condition names, in their order; "" for all.
func readGrants(ctx context.Context, db *sqlrows.Tables, q sqlrows.Queryer, table, condition string, args ...any) ([]relay.Grant, error) {
	query := "SELECT " + grantColumns + " FROM " + table
	if condition != "" {
		query += " WHERE " + condition
	}
	rows, err := q.QueryContext(ctx, query+" ORDER BY "+grantColumns, args...)
	if err != nil {
		return nil, db.Explain(ctx, err)
	}
	defer rows.Close()
	var all []relay.Grant
	for rows.Next() {
		var g relay.Grant
		var kind string
		if err := rows.Scan(&g.AppID, &g.Operator, &kind, &g.Value); err != nil {
			return nil, db.Explain(ctx, err)
		}
		if len(kind) != 1 {
			return nil, fmt.Errorf("store: relay_scope.kind: %q is no kind", kind)
		}
		g.Kind = relay.Kind(kind[0])
		all = append(all, g)
	}
	return all, db.Explain(ctx, rows.Err())
}
