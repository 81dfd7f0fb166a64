package sqlitefile_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite"

	"github.com/tradefront/tradefront/internal/sqlitefile"
)

// database is one that SQLite wrote, with its WAL not folded in. Its connection stays open until the
// test ends.
func database(t testing.TB, rows int) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "d.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	statements := []string{
		"PRAGMA journal_mode = WAL", "PRAGMA wal_autocheckpoint = 0",
		"CREATE TABLE t (id INTEGER PRIMARY KEY, whole INTEGER, text TEXT, blob BLOB)",
		fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			INSERT INTO t SELECT i, (i - 3) * (1 << (i %% 50)), 'row ' || i, zeroblob(i * 37 %% 9000) FROM n`, rows),
	}
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(s, err)
		}
	}
	return path
}

// read is every row with the form of table t: its rowid, and "whole text bytes".
func read(t testing.TB, path string) (rows map[int64]string, unread int64) {
	t.Helper()
	pages, err := sqlitefile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer pages.Close()
	rows = make(map[int64]string)
	err = pages.Leaves(func(page []byte) error {
		_, err := pages.Cells(page, func(c sqlitefile.Cell) error {
			if v := c.Columns; len(v) == 4 && v[0].Kind == sqlitefile.Null && v[2].Kind == sqlitefile.Text {
				rows[c.RowID] = fmt.Sprint(v[1].Whole, " ", string(v[2].Bytes), " ", len(v[3].Bytes))
			}
			return nil
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, pages.Unread
}

// TestPagesAreWhatSQLiteWrote: also rows that go on in overflow pages, negative integers, and what is
// in the WAL alone.
func TestPagesAreWhatSQLiteWrote(t *testing.T) {
	t.Parallel()
	const count = 700
	path := database(t, count)
	want := make(map[int64]string)
	for i := int64(1); i <= count; i++ {
		want[i] = fmt.Sprint((i-3)*(1<<(i%50)), " row ", i, " ", i*37%9000)
	}
	got, unread := read(t, path)
	if diff := cmp.Diff(want, got); diff != "" || unread != 0 {
		t.Errorf("%d pages unread, rows (-want +got):\n%s", unread, diff)
	}
}

// TestRowsOutliveTheirTree: with the header and all inner pages gone, the rows of the leaves are read.
func TestRowsOutliveTheirTree(t *testing.T) {
	t.Parallel()
	const count, pageSize = 700, 4096
	path := database(t, count)
	wal, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	// Fold the WAL by hand into a file without page 1, and without inner pages.
	var file []byte
	for at := 32; at+24+pageSize <= len(wal); at += 24 + pageSize {
		page := wal[at+24 : at+24+pageSize]
		number := int(wal[at])<<24 | int(wal[at+1])<<16 | int(wal[at+2])<<8 | int(wal[at+3])
		for len(file) < number*pageSize {
			file = append(file, make([]byte, pageSize)...)
		}
		if number > 1 && page[0] != 0x05 {
			copy(file[(number-1)*pageSize:], page)
		}
	}
	bare := filepath.Join(t.TempDir(), "bare.db")
	if err := os.WriteFile(bare, file, 0o600); err != nil {
		t.Fatal(err)
	}
	got, _ := read(t, bare)
	if len(got) != count || !strings.HasPrefix(got[count], fmt.Sprint((count-3)*(1<<(count%50)), " row ")) {
		t.Errorf("%d rows, want %d; the last is %q", len(got), count, got[count])
	}
}

func TestMissingFilesAreEmpty(t *testing.T) {
	t.Parallel()
	if got, unread := read(t, filepath.Join(t.TempDir(), "none.db")); len(got) != 0 || unread != 0 {
		t.Errorf("%d rows, %d pages unread, of no file", len(got), unread)
	}
}

// FuzzPages: for any content of the files, nothing crashes, and no row has more than the files have.
func FuzzPages(f *testing.F) {
	path := database(f, 40)
	file, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	wal, err := os.ReadFile(path + "-wal")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file, wal)
	f.Add([]byte("SQLite format 3\x00"), []byte{})
	f.Fuzz(func(t *testing.T, file, wal []byte) {
		path := filepath.Join(t.TempDir(), "f")
		if err := errors.Join(os.WriteFile(path, file, 0o600), os.WriteFile(path+"-wal", wal, 0o600)); err != nil {
			t.Fatal(err)
		}
		pages, err := sqlitefile.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer pages.Close()
		err = pages.Leaves(func(page []byte) error {
			_, err := pages.Cells(page, func(c sqlitefile.Cell) error {
				for _, v := range c.Columns {
					if len(v.Bytes) > 1<<20 {
						t.Errorf("a value of %d bytes", len(v.Bytes))
					}
				}
				return nil
			})
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}
