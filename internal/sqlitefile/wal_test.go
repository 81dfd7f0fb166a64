package sqlitefile_test

import (
	"os"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/sqlitefile"
)

// TestBrokenWAL: SQLite would read up to the break, and forget the commits behind it.
func TestBrokenWAL(t *testing.T) {
	t.Parallel()
	const frame = 24 + 4096
	tests := map[string]struct {
		change func(wal []byte) []byte
		want   string // in what Damaged says; "" for no damage
	}{
		"whole":              {func(wal []byte) []byte { return wal }, ""},
		"its tail is torn":   {func(wal []byte) []byte { return wal[:len(wal)-100] }, ""},
		"a byte is flipped":  {func(wal []byte) []byte { wal[32+100] ^= 1; return wal }, "damaged behind frame 0, with "},
		"header overwritten": {func(wal []byte) []byte { clear(wal[:8]); return wal }, "header is damaged"},
		"empty":              {func([]byte) []byte { return nil }, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := database(t, 5) + "-wal"
			wal, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(wal) < 3*frame {
				t.Fatalf("the WAL has %d bytes: nothing to break", len(wal))
			}
			copied := t.TempDir() + "/w"
			if err := os.WriteFile(copied, test.change(wal), 0o600); err != nil {
				t.Fatal(err)
			}
			w, err := sqlitefile.ReadWAL(copied)
			if err != nil {
				t.Fatal(err)
			}
			got := w.Damaged()
			if (got == nil) != (test.want == "") || got != nil && !strings.Contains(got.Error(), test.want) {
				t.Errorf("%v, want %q", got, test.want)
			}
		})
	}
}
