package main

import (
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/test/await"
)

// customerSite has an AppID and an account; ping logs the account in.
func customerSite(t *testing.T) {
	t.Helper()
	newSite(t)
	write(t, "code", givenCode+"\n")
	write(t, "password", "pass-word\n")
	play(t, []step{
		{"app add --app-id a_b_1 --authcode " + givenCode + onC, "", 0, "AppID …", ""},
		{"account add --account 88 --password-file password" + onC, "", 0, "added account 88…", ""},
	})
}

func (s *served) login() string {
	return "ping --address " + s.address + " --app-id a_b_1 --authcode-file code --account 88 --password-file password"
}

// readyz waits until the page has the status and the text.
func (s *served) readyz(status int, text string) {
	s.t.Helper()
	await.True(s.t, fmt.Sprintf("/readyz to be %d with %q", status, text), func() bool {
		resp, err := http.Get("http://" + s.admin + "/readyz")
		if err != nil {
			s.t.Fatal(err)
		}
		defer resp.Body.Close()
		page, err := io.ReadAll(resp.Body)
		if err != nil {
			s.t.Fatal(err)
		}
		return resp.StatusCode == status && strings.Contains(string(page), text)
	})
}

// TestServeMovedStore: the store's file is moved under a running front. Logins get 90 and the front
// is not ready, until it is back; a command does not make another in its place.
func TestServeMovedStore(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	customerSite(t)
	front := serve(t)
	play(t, []step{{front.login(), "", 0, "…login …", ""}})
	if err := os.Rename("tradefront.db", "elsewhere.db"); err != nil {
		t.Fatal(err)
	}
	play(t, []step{
		{front.login(), "", 1, "", "…front answered 90: …"},
		{"app list" + onC, "", 1, "", "tradefront: store.path: tradefront.db is not there, but a front runs on it: put the file back with its -wal and -shm"},
	})
	front.readyz(http.StatusServiceUnavailable, "elsewhere.db now")
	if _, err := os.Stat("tradefront.db"); err == nil {
		t.Error("a store was made in its place")
	}
	if err := os.Rename("elsewhere.db", "tradefront.db"); err != nil {
		t.Fatal(err)
	}
	front.readyz(http.StatusOK, "takes commits")
	play(t, []step{{front.login(), "", 0, "…login …", ""}})
	if status := front.stop(); status != exitDone {
		t.Errorf("exit status %d: %s", status, front.errOut.String())
	}
	for _, want := range []string{"the local store's files are not at their place", "the local store takes commits again"} {
		if !strings.Contains(front.errOut.String(), want) {
			t.Errorf("the log does not say %q: %s", want, front.errOut.String())
		}
	}
}

// lock holds the write lock of a store, as a curious sqlite3 does.
func lock(t *testing.T, path string) (release func()) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(t.Context())
	if err == nil {
		_, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() { _, _ = conn.Close(), db.Close() }
}

// TestServeLockedStore: another process holds the write lock. The front that has no logins knows too,
// and readiness names it before a login has waited.
func TestServeLockedStore(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	customerSite(t)
	front := serve(t)
	play(t, []step{{front.login(), "", 0, "…login …", ""}})
	release := lock(t, "tradefront.db")
	front.readyz(http.StatusServiceUnavailable, "has held the write lock of tradefront.db for")
	began := time.Now()
	play(t, []step{{front.login(), "", 1, "", "…front answered 90: …"}})
	if took := time.Since(began); took > journal.FrontBusyTimeout+8*time.Second {
		t.Errorf("the login was answered after %v", took)
	}
	release()
	front.readyz(http.StatusOK, "takes commits")
	play(t, []step{{front.login(), "", 0, "…login …", ""}})
	if status := front.stop(); status != exitDone {
		t.Errorf("exit status %d: %s", status, front.errOut.String())
	}
}

// TestLocalBackup: a backup beside a running front, and a front that is started on it.
func TestLocalBackup(t *testing.T) {
	customerSite(t)
	play(t, []step{{"local backup early.db -c tradefront.yaml", "", 0, "early.db: …", ""}}) // app add made the store
	front := serve(t)
	play(t, []step{
		{front.login(), "", 0, "…login …", ""},
		{front.login(), "", 0, "…login …", ""},
		{"local backup front.backup" + onC, "", 0, "front.backup: … bytes, checked\n…  2", ""},
		{"local backup front.backup" + onC, "", 1, "", "tradefront: front.backup is there already: a backup overwrites nothing; give it another name"},
		{front.login(), "", 0, "…login …", ""},
	})
	if status := front.stop(); status != exitDone {
		t.Errorf("exit status %d: %s", status, front.errOut.String())
	}
	write(t, "tradefront.yaml", read(t, "tradefront.yaml")+"store:\n  path: \"restored.db\"\n")
	write(t, "restored.db", read(t, "front.backup"))
	front = serve(t)
	play(t, []step{
		{front.login(), "", 0, "…login …", ""},
		{"local inspect" + onC, "", 0, "restored.db: …\nsound: every page was checked\n…  3\n…", ""},
	})
	if status := front.stop(); status != exitDone {
		t.Errorf("exit status %d: %s", status, front.errOut.String())
	}
}
