package storetest

import (
	"database/sql"
	"os"
	"testing"
	"time"
)

// Noon is a moment on Day, at which tests move corrupt stores away.
var Noon = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// WriteFile writes a file, or fails the test.
func WriteFile(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// ReadFile reads a file, or fails the test.
func ReadFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Alter runs statements on a local store's file past tradefront, as an operator with sqlite3 could.
func Alter(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// Rename renames a file, or fails the test.
func Rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}
