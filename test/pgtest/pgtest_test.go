package pgtest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

func query(t *testing.T, s *server, url, sql string) (string, error) {
	t.Helper()
	return s.query(url, sql)
}

func mustQuery(t *testing.T, s *server, url, sql string) string {
	t.Helper()
	out, err := query(t, s, url, sql)
	if err != nil {
		t.Fatalf("%s: %v\n%s", sql, err, out)
	}
	return out
}

// TestServerIsOfThePrograms: what runs is of the version that binaries has found, and of the one that `make engines` tries.
func TestServerIsOfThePrograms(t *testing.T) {
	dir, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	want, err := version(dir)
	if err != nil {
		t.Fatal(err)
	}
	url := Database(t) // which starts the server
	running := mustQuery(t, shared.server, url, "select current_setting('server_version_num')::int / 10000")
	if running != strconv.Itoa(want) {
		t.Errorf("PostgreSQL %s runs, of the programs of %d", running, want)
	}
	if tried := os.Getenv("TRADEFRONT_TEST_POSTGRES"); tried != "" && tried != running {
		t.Errorf("PostgreSQL %s runs, and %s is tried", running, tried)
	}
}

func TestDatabasesAreSeparate(t *testing.T) {
	a, b := Database(t), Database(t)
	if a == b {
		t.Fatal("the same database twice")
	}
	mustQuery(t, shared.server, a, "create table only_in_a()")
	if out, err := query(t, shared.server, b, "select from only_in_a"); err == nil {
		t.Fatalf("a table of one database is in another: %s", out)
	}
}

func TestDatabaseIsDropped(t *testing.T) {
	var url string
	t.Run("inner", func(t *testing.T) { url = Database(t) })
	if out, err := query(t, shared.server, url, "select 1"); err == nil {
		t.Fatalf("the database outlived its test: %s", out)
	}
}

func TestImmediateStopKeepsWhatWasCommitted(t *testing.T) {
	c := Start(t)
	mustQuery(t, c.server, c.URL(), "create table kept(n int); insert into kept values (7)")
	c.Stop(Immediate)
	if out, err := query(t, c.server, c.URL(), "select 1"); err == nil {
		t.Fatalf("a stopped server answered: %s", out)
	}
	c.Start()
	if got := mustQuery(t, c.server, c.URL(), "select n from kept"); got != "7" {
		t.Fatalf("kept = %q, want 7", got)
	}
	if log := c.server.log(); !strings.Contains(log, "not properly shut down") {
		t.Fatalf("the stop was not a crash:\n%s", log)
	}
}

func TestFreezeAndThaw(t *testing.T) {
	c := Start(t)
	c.Freeze()
	// The kernel still accepts for a frozen server, but no process answers the startup message.
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", c.server.port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// SSLRequest, to which a living server answers one byte at once.
	if _, err := conn.Write([]byte{0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f}); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 1)
	_ = conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	if _, err := conn.Read(answer); err == nil {
		t.Fatal("a frozen server answered")
	}
	c.Thaw()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := conn.Read(answer); err != nil || !bytes.Equal(answer, []byte("N")) {
		t.Fatalf("after the thaw: %q, %v", answer, err)
	}
}

// TestStandbyTakesOver: what a COMMIT waited for is there after the promotion, and the old
// primary can come back as the standby of the new one.
func TestStandbyTakesOver(t *testing.T) {
	a := Start(t)
	b := a.Standby("b")
	a.Synchronous("b")
	a.SQL("CREATE TABLE kept AS SELECT 7 AS n")
	a.Stop(Immediate)
	b.Promote()
	if got := b.SQL("INSERT INTO kept VALUES (8) RETURNING (SELECT n FROM kept)"); got != "7" {
		t.Fatalf("kept = %q, want 7", got)
	}
	a.Remove()
	c := b.Standby("c")
	b.Synchronous("c")
	c.await("8 to arrive", "SELECT count(*) = 2 FROM kept")
	if b.Ended() {
		t.Error("a running server is said to have ended")
	}
}

func TestRemoveLeavesNothing(t *testing.T) {
	var root string
	t.Run("inner", func(t *testing.T) {
		c := Start(t)
		c.Freeze() // also the end of a frozen cluster is an end
		root = c.server.root
	})
	if _, err := os.Stat(root); !os.IsNotExist(err) {
		t.Fatalf("the folder is still there: %v", err)
	}
}

func TestNumber(t *testing.T) {
	for s, want := range map[string]int{"/usr/lib/postgresql/15/bin": 15, "/usr/pgsql-9/bin": 9, "none": 0} {
		if got := number(s); got != want {
			t.Errorf("number(%q) = %d, want %d", s, got, want)
		}
	}
}

var template = NewTemplate(func(_ context.Context, url string) error {
	_, err := shared.server.query(url, "create table filled as select 7 as n")
	return err
})

// TestTemplate: copies made at once, each with what the template holds, each changed alone.
func TestTemplate(t *testing.T) {
	for i := range 3 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			url := template.Database(t)
			if got := mustQuery(t, shared.server, url, fmt.Sprintf("insert into filled values (%d); select sum(n) from filled", i)); got != fmt.Sprint(7+i) {
				t.Errorf("sum = %s, want %d", got, 7+i)
			}
		})
	}
}

// TestFailedStatement: what PostgreSQL refuses is an error with its words, and the next statement is another.
func TestFailedStatement(t *testing.T) {
	Database(t)
	if err := shared.admin.run("CREATE DATABASE postgres"); err == nil || !strings.Contains(err.Error(), `"postgres" already exists`) {
		t.Errorf("a database that exists: %v", err)
	}
	if err := shared.admin.run("SET jit = off"); err != nil {
		t.Error(err)
	}
}
