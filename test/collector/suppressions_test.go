package collector

import (
	"os"
	"path/filepath"
	"testing"
)

// suppressions are for valgrind: Go switches stacks by itself and reads words that it has not written. Whatever begins in the C half is not suppressed.
func suppressions(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "go.supp")
	text := ""
	for _, kind := range []string{"Cond", "Value8", "Addr8", "Addr4", "Addr1", "Addr16"} {
		text += "{\n   go\n   Memcheck:" + kind + "\n   ...\n   fun:runtime.*\n}\n"
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
