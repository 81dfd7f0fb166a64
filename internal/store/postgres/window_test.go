package postgres_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// TestSinceInAnyTimeZone: when the schema was made does not depend on the time zone of the database, by which a new firm's day before it
// would be called missing, or a day with logins another system's.
func TestSinceInAnyTimeZone(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"UTC", "Asia/Shanghai", "America/Los_Angeles"} {
		database := pgtest.Database(t)
		admin := storetest.Session(t, database)
		name := strings.Split(database[strings.LastIndex(database, "/")+1:], "?")[0]
		if _, err := admin.Exec(t.Context(), "ALTER DATABASE "+name+" SET timezone = '"+zone+"'"); err != nil {
			t.Fatal(err)
		}
		begin := time.Now().Add(-time.Minute) // the clocks are of one machine; a column of seconds is rounded
		p := storetest.OpenPostgresAt(t, database, postgres.Options{})
		since, err := p.Since(t.Context())
		if end := time.Now().Add(time.Minute); err != nil || since.Before(begin) || since.After(end) {
			t.Errorf("%s: %v, %v; want it between %v and %v", zone, since, err, begin, end)
		}
	}
}
