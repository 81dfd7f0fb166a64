package opener

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	_ "embed"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tradefront/tradefront/test/built"
)

// block is the length of a ciphertext of RSA-2048, and of what is in it with its padding.
const block = 256

//go:embed program/open.c
var source []byte

// Open returns the text of each ciphertext, nil for one that the key does not open. The key has 2048 bits.
func Open(t testing.TB, private *rsa.PrivateKey, ciphertexts [][]byte) [][]byte {
	t.Helper()
	dir := t.TempDir()
	key, program := filepath.Join(dir, "private.pem"), filepath.Join(dir, "open")
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := built.Kept(program, fmt.Sprintf("opener-%x", sha256.Sum256(source)), compile); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, key)
	var sealed, errOut bytes.Buffer
	for _, c := range ciphertexts {
		sealed.Write(append(make([]byte, max(block-len(c), 0)), c[:min(len(c), block)]...))
	}
	cmd.Stdin, cmd.Stderr = &sealed, &errOut
	opened, err := cmd.Output()
	if err != nil || len(opened) != block*len(ciphertexts) {
		t.Fatalf("%v: %d bytes for %d ciphertexts\n%s", err, len(opened), len(ciphertexts), &errOut)
	}
	texts := make([][]byte, len(ciphertexts))
	for i, c := range ciphertexts {
		if len(c) == block {
			texts[i] = textOf(opened[block*i:][:block])
		}
	}
	return texts
}

// textOf takes the padding of PKCS#1 v1.5 off: 0, 2, eight bytes or more that are not 0, 0. It is nil where there is another one.
func textOf(padded []byte) []byte {
	end := bytes.IndexByte(padded[2:], 0)
	if padded[0] != 0 || padded[1] != 2 || end < 8 {
		return nil
	}
	return padded[2+end+1:]
}

func compile(path string) error {
	cmd := exec.Command("gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-x", "c", "-", "-o", path, "-lcrypto")
	cmd.Stdin = bytes.NewReader(source)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("gcc (test/ensure-tools.sh installs it): %w\n%s", err, out)
	}
	return nil
}
