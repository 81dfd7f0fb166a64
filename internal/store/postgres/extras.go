package postgres

import "context"

// extrasSQL finds what was put on tradefront's tables and partitions by others. None of it is
// tradefront's; each may change, hide, drop or lose what fronts write, and what a trigger
// changes in a row is not noticed: a front may not read what it wrote. Each catalog is
// open to every role.
const extrasSQL = `WITH ours AS (
		SELECT c.oid, coalesce(p.relname, c.relname) AS name, c.relname AS part, c.relkind, c.relpersistence, c.relrowsecurity,
			p.oid IS NOT NULL AND pt.partdefid = c.oid AS is_default
		FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent AND p.oid = to_regclass('record')
			LEFT JOIN pg_partitioned_table pt ON pt.partrelid = p.oid
		WHERE c.relkind IN ('r', 'p', 'f', 'v') AND (p.oid IS NOT NULL OR c.oid IN (SELECT to_regclass(t) FROM
			unnest(ARRAY['record', 'report_export', 'reassigned_from', 'front', 'waiver', 'app', 'account', 'directory',
			'relay', 'relay_scope', 'directory_change', 'directory_removed', 'ban']) t)))
	SELECT DISTINCT 'trigger ' || t.tgname || ' on table ' || o.name || ' changes or drops what is written there: DROP TRIGGER ' || t.tgname || ' ON ' || o.name
		FROM ours o JOIN pg_trigger t ON t.tgrelid = o.oid WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'
	UNION SELECT 'rule ' || r.rulename || ' on table ' || o.name || ' changes or drops what is written there: DROP RULE ' || r.rulename || ' ON ' || o.name
		FROM ours o JOIN pg_rewrite r ON r.ev_class = o.oid WHERE r.rulename <> '_RETURN'
	UNION SELECT 'row-level security on table ' || part || ' would hide rows, so reports refuse: ALTER TABLE ' || part || ' DISABLE ROW LEVEL SECURITY'
		FROM ours WHERE relrowsecurity
	UNION SELECT 'table ' || part || ' is UNLOGGED, and a crash of PostgreSQL empties it: ALTER TABLE ' || part || ' SET LOGGED'
		FROM ours WHERE relpersistence = 'u'
	UNION SELECT part || ' is no table of this server, and tradefront cannot tell whether what is written there is durable'
		FROM ours WHERE relkind IN ('f', 'v')
	UNION SELECT part || ' is a DEFAULT partition of record, and days whose rows it holds have no partition of their own: '
		|| 'move its rows into partitions, and detach it'
		FROM ours WHERE is_default
	UNION SELECT 'full_page_writes is off: after a power cut a page may be half of the old and half of the new, and records with it, unless the file system '
			'never tears a page (ZFS, or btrfs with copy-on-write): set full_page_writes = on, or make sure'
		WHERE current_setting('full_page_writes') = 'off'
	UNION SELECT 'synchronous_commit is local: no standby of synchronous_standby_names is waited for, and a failover loses records: set it to on'
		WHERE current_setting('synchronous_commit') = 'local' AND current_setting('synchronous_standby_names') <> ''
	ORDER BY 1`

// Extras says, with what to do, what of this PostgreSQL is not tradefront's and endangers
// records without an error.
func (p *Store) Extras(ctx context.Context) ([]string, error) { return p.texts(ctx, extrasSQL) }
