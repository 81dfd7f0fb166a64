package postgres_test

import (
	"bytes"
	"strconv"
	"testing"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// beforeRelays is the version of the schema that had no columns about relays.
const beforeRelays = 12

// TestDetachedDayGetsTheRelayColumns: a day's table that is detached while the schema is migrated can be attached again
// afterwards; partitions, another program's table and a table of a likely name are as they should be.
func TestDetachedDayGetsTheRelayColumns(t *testing.T) {
	t.Parallel()
	p := storetest.Connect(t, pgtest.Database(t), postgres.Options{})
	if err := storetest.MigrateTo(t.Context(), p, beforeRelays); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		"SELECT ensure_record_partition(20260105), ensure_record_partition(20260106)",
		`INSERT INTO record SELECT gen_random_uuid(), day, 1767574800, 'v', '1', '', 'x', 0, 'a', 'b', 1, 1, 1
			FROM generate_series(20260105, 20260106) day`,
		"ALTER TABLE record DETACH PARTITION record_20260105",
		"CREATE TABLE record_20260107 (another text)",
	} {
		storetest.Execute(t, p, s)
	}
	if _, err := p.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	storetest.Execute(t, p, "ALTER TABLE record ATTACH PARTITION record_20260105 FOR VALUES FROM (20260105) TO (20260106)")
	for _, day := range []int{20260105, 20260106} {
		var direct int
		storetest.Row(t, p, "SELECT count(*) FROM record WHERE relay_app_id IS NULL AND relay_mode IS NULL AND visit_time IS NULL "+
			"AND relay_login_time IS NULL AND relay_sealed IS NULL AND trading_day = "+strconv.Itoa(day), &direct)
		if direct != 1 {
			t.Errorf("%d: %d records of direct mode, want 1", day, direct)
		}
	}
	var alien int
	storetest.Row(t, p, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'record_20260107'::regclass AND attnum > 0", &alien)
	if alien != 1 {
		t.Errorf("another program's table has %d columns, want its own", alien)
	}
	rec := storetest.SubmittedRecord(storetest.Day)
	if err := p.CopyIn(t.Context(), []store.Record{rec}); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Find(t.Context(), rec.ID); err != nil || !storetest.SameRecord(got, rec) {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestMigrationLetsFrontsGoOn: between the migration and the next run of roles.sql a front may insert what it must.
func TestMigrationLetsFrontsGoOn(t *testing.T) {
	database := pgtest.Database(t)
	super := roles(t, database)
	owner := storetest.Connect(t, as(t, postgres.RoleOwner, database), postgres.Options{})
	if err := storetest.MigrateTo(t.Context(), owner, beforeRelays); err != nil {
		t.Fatal(err)
	}
	storetest.Execute(t, super, "GRANT INSERT (record_id, trading_day, login_time, vendor_id, key_version, terminal, supplement, flag, app_id, "+
		"account, user_type, front_id, session_id, provisional), SELECT (record_id, trading_day, front_id, arrival, provisional), UPDATE (front_id) "+
		"ON record TO tradefront_front; GRANT EXECUTE ON FUNCTION ensure_record_partition(integer) TO tradefront_front; "+
		"GRANT SELECT ON goose_db_version TO tradefront_front")
	if _, err := owner.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	front := storetest.Connect(t, as(t, postgres.RoleFront, database), postgres.Options{})
	recs := []store.Record{storetest.Record(storetest.Day), storetest.SubmittedRecord(storetest.Day)}
	if err := front.CopyIn(t.Context(), recs); err != nil {
		t.Fatal(err)
	}
	if err := front.Put(t.Context(), []store.Record{storetest.SubmittedAgain(recs[1], 2), storetest.RelayedRecord(storetest.Day)}); err != nil {
		t.Fatal(err)
	}
	if others, err := front.StoredByOthers(t.Context(), []store.Record{storetest.SubmittedAgain(recs[1], 2), recs[1]}); err != nil || len(others) != 1 || others[0] != 0 {
		t.Errorf("stored by others: %v, %v; want the first", others, err)
	}
	wantGranted(t, place(t, front, of("a", 1, 0)), 2, []int32{1}, of("a", 1, 2)) // sessions over all fronts
	report := storetest.Connect(t, as(t, postgres.RoleReport, database), postgres.Options{})
	if err := storetest.TryExecute(t, report, "SELECT online_change(1, 1, '{}', '{}', '{}')"); err == nil || !denied(err) {
		t.Errorf("a role that is no front's may count sessions: %v", err)
	}
	earlier, err := front.Earlier(t.Context(), &recs[1])
	if err != nil || earlier == nil || !bytes.Equal(earlier.RelaySealed, recs[1].RelaySealed) || earlier.KeyVersion != recs[1].KeyVersion {
		t.Errorf("a front is told %+v, %v of what it has", earlier, err)
	}
	if got, err := super.Find(t.Context(), recs[1].ID); err != nil || !storetest.SameRecord(got, recs[1]) {
		t.Errorf("%+v, %v", got, err)
	}
}
