package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Finding is something about PostgreSQL that an administrator should know and that stops
// nothing.
type Finding struct {
	Setting string // of the server, the database or the role
	Is      string
	Used    string // what tradefront's connections have in its place; "" if it stays
	Because string
}

func (f Finding) String() string {
	s := fmt.Sprintf("PostgreSQL: %s is %s", f.Setting, f.Is)
	if f.Used != "" {
		s += fmt.Sprintf(" for this role; tradefront's connections use %s", f.Used)
	}
	return s + ": " + f.Because
}

// Inspect compares what a connection of this role would have with what tradefront relies on,
// and sets in each of its connections.
func (p *Store) Inspect(ctx context.Context) (findings []Finding, err error) {
	rows, err := p.pool.Query(ctx, `SELECT s.name, s.reset_val || coalesce(' ' || s.unit, ''), w.value
		FROM (`+reliedValues(p.inURL)+`) AS w (name, value) JOIN pg_settings s USING (name) WHERE s.reset_val <> w.value
		UNION ALL
		SELECT 'client_encoding', split_part(c, '=', 2), '`+clientEncoding+`' FROM pg_db_role_setting d, unnest(d.setconfig) c
		WHERE c LIKE 'client_encoding=%' AND d.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
			AND d.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = session_user)) AND upper(replace(c, '-', '')) NOT LIKE '%=UTF8'
		UNION ALL
		SELECT 'server_encoding', setting, '' FROM pg_settings WHERE name = 'server_encoding' AND setting <> 'UTF8'
		ORDER BY 1`)
	if err != nil {
		return nil, p.explain(ctx, err)
	}
	findings, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (f Finding, err error) {
		err = row.Scan(&f.Setting, &f.Is, &f.Used)
		f.Because = because(f.Setting)
		return f, err
	})
	return findings, p.explain(ctx, err)
}

func because(setting string) string {
	switch setting {
	case "client_encoding":
		return "what is sent is UTF-8"
	case "server_encoding":
		return "the database keeps text as it comes and checks nothing; other programs must write UTF-8"
	}
	for _, s := range relied {
		if s.name == setting {
			return s.because
		}
	}
	return ""
}
