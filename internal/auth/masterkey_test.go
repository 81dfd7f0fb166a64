package auth

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/regulation"
)

const appID regulation.AppID = "client_xsb_1.0"

func mustMaster(t testing.TB) *MasterKey {
	t.Helper()
	path := filepath.Join(t.TempDir(), "master.key")
	if err := CreateMasterKey(path); err != nil {
		t.Fatal(err)
	}
	master, err := LoadMasterKey(path)
	if err != nil {
		t.Fatal(err)
	}
	return master
}

func mustSeal(t testing.TB, master *MasterKey, id regulation.AppID, code AuthCode) []byte {
	t.Helper()
	sealed, err := master.Seal(id, code)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestSealOpens(t *testing.T) {
	master, code := mustMaster(t), mustCode(t, vectorCode)
	sealed := mustSeal(t, master, appID, code)
	if len(sealed) != 45 || sealed[0] != sealVersion || bytes.Contains(sealed, []byte(vectorCode)) {
		t.Errorf("sealed to %x", sealed)
	}
	if got, err := master.Open(appID, sealed); err != nil || got.Reveal() != vectorCode {
		t.Errorf("opened %q, %v", got.Reveal(), err)
	}
	if bytes.Equal(sealed, mustSeal(t, master, appID, code)) {
		t.Error("sealed twice to the same bytes: the nonce repeats")
	}
	if _, err := master.Seal(appID, AuthCode{}); err == nil {
		t.Error("sealed the zero authcode")
	}
}

// Any bit that is changed, any byte that is missing, another AppID, another master key:
// nothing opens.
func TestOpenRefuses(t *testing.T) {
	master := mustMaster(t)
	sealed := mustSeal(t, master, appID, mustCode(t, vectorCode))
	for bit := 8; bit < 8*len(sealed); bit++ {
		changed := bytes.Clone(sealed)
		changed[bit/8] ^= 1 << (bit % 8)
		if _, err := master.Open(appID, changed); !errors.Is(err, ErrNotSealed) {
			t.Fatalf("bit %d changed: %v", bit, err)
		}
	}
	for n := range len(sealed) {
		if _, err := master.Open(appID, sealed[:n]); !errors.Is(err, ErrNotSealed) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}
	if _, err := master.Open(appID, append(bytes.Clone(sealed), 0)); !errors.Is(err, ErrNotSealed) {
		t.Errorf("one byte more: %v", err)
	}
	if _, err := master.Open("client_xsb_1.1", sealed); !errors.Is(err, ErrNotSealed) {
		t.Errorf("another AppID: %v", err)
	}
	if _, err := mustMaster(t).Open(appID, sealed); !errors.Is(err, ErrNotSealed) {
		t.Errorf("another master key: %v", err)
	}
	other := bytes.Clone(sealed)
	other[0] = 2
	if _, err := master.Open(appID, other); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("another version: %v", err)
	}
}

func TestCreateMasterKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	if err := CreateMasterKey(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	before, _ := os.ReadFile(path)
	if !bytes.HasPrefix(before, []byte("#")) {
		t.Errorf("no comment at the start: %q", before)
	}
	err = CreateMasterKey(path)
	var fault *MasterKeyError
	if !errors.As(err, &fault) || !errors.Is(err, fs.ErrExist) {
		t.Errorf("second creation: %v", err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the second creation changed the file")
	}
	if err := CreateMasterKey(filepath.Join(path, "below", "master.key")); !errors.As(err, &fault) {
		t.Errorf("no such folder: %v", err)
	}
}

func TestLoadMasterKeyRefuses(t *testing.T) {
	good := masterKeyHeader + strings.Repeat("A7", masterKeyLen) + "\n"
	for _, tt := range []struct {
		name, content string
		mode          fs.FileMode
		problem       string // "" for none
	}{
		{"good", good, 0o600, ""},
		{"read-only", good, 0o400, ""},
		{"lower case, no comment, no line end", strings.Repeat("a7", masterKeyLen), 0o600, ""},
		{"CRLF", strings.ReplaceAll(good, "\n", "\r\n"), 0o600, ""},
		{"group may read", good, 0o640, "chmod 600"},
		{"group may write", good, 0o620, "chmod 600"},
		{"others may read", good, 0o604, "chmod 600"},
		{"others may execute", good, 0o601, "chmod 600"},
		{"empty, as a crash leaves it", "", 0o600, "0 bytes, want 32"},
		{"only the comment, as a crash leaves it", masterKeyHeader, 0o600, "0 bytes, want 32"},
		{"cut, as a crash leaves it", good[:len(good)-3], 0o600, "31 bytes, want 32"},
		{"cut inside a byte", good[:len(good)-2], 0o600, "not hex"},
		{"33 bytes", strings.Repeat("a7", 33), 0o600, "33 bytes, want 32"},
		{"not hex", strings.Repeat("z", 64), 0o600, "not hex"},
		{"the same key twice", good + good, 0o600, "the new key and the old one are the same"},
		{"two keys", good + strings.Repeat("b8", masterKeyLen) + "\n", 0o600, ""},
		{"three keys", good + strings.Repeat("b8", masterKeyLen) + "\n" + good, 0o600, "more than two lines"},
		{"a second key that was cut", good + strings.Repeat("b8", masterKeyLen-1), 0o600, "31 bytes, want 32"},
		{"endless line", strings.Repeat("a", 1<<20), 0o600, "2048 bytes, want 32"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "master.key")
			if err := os.WriteFile(path, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, tt.mode); err != nil {
				t.Fatal(err)
			}
			master, err := LoadMasterKey(path)
			if tt.problem == "" {
				if err != nil || master == nil {
					t.Fatal(err)
				}
				return
			}
			var fault *MasterKeyError
			if !errors.As(err, &fault) || !strings.Contains(err.Error(), tt.problem) || master != nil {
				t.Fatalf("error %v, want one with %q", err, tt.problem)
			}
			if fault.Remedy == "" || strings.Contains(err.Error(), "a7a7") || strings.Contains(err.Error(), "A7A7") {
				t.Fatalf("no remedy, or the key in it: %v", err)
			}
		})
	}
}

func TestLoadMasterKeyPlaces(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing.key")
	if _, err := LoadMasterKey(missing); !errors.Is(err, fs.ErrNotExist) ||
		!strings.Contains(err.Error(), "tradefront masterkey create --config FILE") {
		t.Errorf("missing: %v", err)
	}
	var fault *MasterKeyError
	if _, err := LoadMasterKey(dir); !errors.As(err, &fault) {
		t.Errorf("a folder: %v", err)
	}
	target, link := filepath.Join(dir, "real.key"), filepath.Join(dir, "link.key")
	if err := errors.Join(CreateMasterKey(target), os.Symlink(target, link)); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadMasterKey(link); err != nil {
		t.Errorf("a link to a good file: %v", err)
	}
	if err := os.Chmod(target, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadMasterKey(link); err == nil {
		t.Error("a link to a file that others can read was accepted")
	}
	if err := CreateMasterKey(link); !errors.Is(err, fs.ErrExist) {
		t.Errorf("creation through a link: %v", err)
	}
}

// Two files, two keys; and the key in the file is the key in use.
func TestMasterKeysDiffer(t *testing.T) {
	dir := t.TempDir()
	var keys [2][]byte
	for i, name := range []string{"a", "b"} {
		path := filepath.Join(dir, name)
		if err := CreateMasterKey(path); err != nil {
			t.Fatal(err)
		}
		content, _ := os.ReadFile(path)
		lines := strings.Fields(string(content))
		key, err := hex.DecodeString(lines[len(lines)-1])
		if err != nil {
			t.Fatal(err)
		}
		keys[i] = key
		loaded, _ := LoadMasterKey(path)
		direct, _ := newMasterKey(key)
		if _, err := direct.Open(appID, mustSeal(t, loaded, appID, mustCode(t, vectorCode))); err != nil {
			t.Errorf("the file's key is not the one in use: %v", err)
		}
	}
	if bytes.Equal(keys[0], keys[1]) {
		t.Error("two files hold one key")
	}
}
