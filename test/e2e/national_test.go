package e2e

import (
	"encoding/asn1"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/supplement"
	firm "github.com/tradefront/tradefront/test/site"
)

// TestIndependentTerminalNational is TestIndependentTerminal with the national algorithms:
// the terminal in another language answers its challenge by SM4 with the OpenSSL command
// line, which also encrypts under SM2, makes the keys, and opens the line of the report.
func TestIndependentTerminalNational(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, postgresURL string) {
		s := newSite(t, postgresURL, "")
		s.keyPair("2.0", "-algorithm", "SM2")
		s.replaceConfig(firstKey, secondKey)
		const national = "client_guomi_1.0"
		out := s.cli("", "app", "add", "--app-id", national, "--cipher", "sm4", "--authcode", "ZYXW9876ABCD1234", "-o", "json")
		if list := s.cli("", "app", "list"); !strings.Contains(list, "sm4") || !strings.Contains(list, "aes") {
			t.Errorf("app list shows\n%s after %s", list, out)
		}
		d := s.serve()
		s.write("terminal.txt", []byte(terminalText))
		sealed := s.openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", "2.0.pem", "-in", "terminal.txt")
		s.write("terminal.bin", sm2Raw(t, []byte(sealed)))

		enter := func(cipher string) ([]byte, error) {
			return exec.Command("python3", "../independent/terminal.py", "--address", d.address, "--broker", "9999",
				"--app-id", national, "--authcode", "ZYXW9876ABCD1234", "--cipher", cipher, "--account", account,
				"--password", password, "--key-version", "2.0", "--ciphertext-file", filepath.Join(s.dir, "terminal.bin"), "--json").Output()
		}
		if out, err := enter("aes"); err == nil || !strings.Contains(string(out), `"code": 63`) {
			t.Errorf("answered by AES: %v, %s", err, out)
		}
		answer, err := enter("sm4")
		if err != nil {
			t.Fatalf("terminal.py: %v\n%s", err, answer)
		}
		var got struct {
			Local                               string `json:"local_address"`
			TradingDay, LoginTime, AbnormalFlag string
		}
		if err := json.Unmarshal(answer, &got); err != nil || got.AbnormalFlag != "0" {
			t.Fatalf("%v in %s", err, answer)
		}
		d.stop()
		var done struct{ Path string }
		if err := json.Unmarshal([]byte(s.cli("", "report", "export", "--partial", "--day", got.TradingDay, "--out", s.dir, "-o", "json")), &done); err != nil {
			t.Fatal(err)
		}
		if opened := firm.Verified(t, binary, s.config, done.Path, "2.0="+filepath.Join(s.dir, "2.0.private.pem")); opened != 1 {
			t.Errorf("report verify opened %d lines", opened)
		}
		data, err := os.ReadFile(done.Path)
		if err != nil {
			t.Fatal(err)
		}
		line, err := reportfile.ParseLine([]byte(strings.TrimSuffix(string(data), "\n")))
		if err != nil {
			t.Fatal(err)
		}
		ip, port, _ := strings.Cut(got.Local, ":")
		for _, c := range []struct {
			sealed []byte
			want   string
		}{
			{line.Terminal, terminalText},
			{line.Supplement, fmt.Sprintf("0@%s@%s@%s@%s@@@@@%s@1", national, ip, port, got.LoginTime, account)},
		} {
			s.write("sealed.der", sm2ASN1(t, c.sealed))
			if opened := s.openssl("pkeyutl", "-decrypt", "-inkey", "2.0.private.pem", "-in", "sealed.der"); opened != c.want {
				t.Errorf("OpenSSL opens %q, want %q", opened, c.want)
			}
		}
		if list := s.cli("", "key", "list"); !strings.Contains(list, "2.0") || !strings.Contains(list, "sm2") || !strings.Contains(list, "newest") {
			t.Errorf("key list shows\n%s", list)
		}
	})
}

// sm2Sealed is the ASN.1 form of an SM2 ciphertext (GM/T 0009), which OpenSSL wants.
type sm2Sealed struct {
	X, Y     *big.Int
	Hash, C2 []byte
}

func sm2Raw(t *testing.T, der []byte) []byte {
	t.Helper()
	var c sm2Sealed
	if rest, err := asn1.Unmarshal(der, &c); err != nil || len(rest) > 0 {
		t.Fatalf("%v, %d bytes left", err, len(rest))
	}
	raw := append([]byte{4}, c.X.FillBytes(make([]byte, 32))...)
	raw = append(raw, c.Y.FillBytes(make([]byte, 32))...)
	return append(append(raw, c.Hash...), c.C2...)
}

func sm2ASN1(t *testing.T, raw []byte) []byte {
	t.Helper()
	if len(raw) <= supplement.SM2Overhead || raw[0] != 4 {
		t.Fatalf("%d bytes that begin with %#x are no raw SM2 ciphertext", len(raw), raw[:min(1, len(raw))])
	}
	der, err := asn1.Marshal(sm2Sealed{
		new(big.Int).SetBytes(raw[1:33]), new(big.Int).SetBytes(raw[33:65]), raw[65:97], raw[97:],
	})
	if err != nil {
		t.Fatal(err)
	}
	return der
}
