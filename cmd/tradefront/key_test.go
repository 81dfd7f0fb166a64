package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// called runs a command in this process and returns its exit status and what it wrote.
func called(args ...string) (status int, out, errOut string) {
	got := tradefront("", args...)
	return got.status, got.out, got.err
}

func TestKeyList(t *testing.T) {
	r := newDemoFirm(t)
	r.newKey("keys/2.0.pem", "-algorithm", "SM2")
	ends := time.Now().Add(30*24*time.Hour - time.Minute).Truncate(time.Second)
	r.configure(firstKey, firstKey+"    not_before: 2026-01-05\n    not_after: \""+ends.Format(time.RFC3339)+"\"\n"+
		"  - version: \"2.0\"\n    algorithm: sm2\n    public_key_file: \"keys/2.0.pem\"\n    not_before: 2990-01-01\n")

	status, out, errOut := called("key", "list", "--config", r.site.Path, "-o", "json")
	if status != exitDone {
		t.Fatalf("status %d: %s", status, errOut)
	}
	var got shownKeysJSON
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got.Keys) != 2 {
		t.Fatalf("%v in %s", err, out)
	}
	first, second := got.Keys[0], got.Keys[1]
	if first.Version != "1.0" || first.Algorithm != "rsa" || first.Bits != 2048 || first.State != "newest" ||
		first.NotBefore == nil || first.NotAfter == nil || !first.NotAfter.Equal(ends) || first.DaysLeft == nil || *first.DaysLeft != 29 {
		t.Errorf("the first key is %+v", first)
	}
	if second.Algorithm != "sm2" || second.Bits != 256 || second.State != "not yet" || second.NotAfter != nil || second.DaysLeft != nil {
		t.Errorf("the second key is %+v", second)
	}
	if len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "until version 2.0 begins at 2990-01-01 00:00:00") {
		t.Errorf("warnings: %q", got.Warnings)
	}
	if want := fingerprint(t, filepath.Join(r.site.Dir, "keys", "2.0.pem")); second.Fingerprint != want {
		t.Errorf("fingerprint %s, OpenSSL has %s", second.Fingerprint, want)
	}

	_, text, _ := called("key", "list", "--config", r.site.Path)
	for _, words := range []string{"2026-01-05 00:00:00", "newest", "29", "not yet", "SHA256:" + second.Fingerprint, "warning: no encryption key"} {
		if !strings.Contains(text, words) {
			t.Errorf("%q is not in\n%s", words, text)
		}
	}
	if status, out, _ := called("config", "check", "--config", r.site.Path); status != exitDone ||
		!strings.Contains(out, "warning: keys: no encryption key is valid from") {
		t.Errorf("config check: status %d, %s", status, out)
	}
}

// fingerprint is what the openssl command makes of the file.
func fingerprint(t *testing.T, path string) string {
	t.Helper()
	der, err := exec.Command("openssl", "pkey", "-pubin", "-in", path, "-outform", "DER").Output()
	if err != nil {
		t.Fatal(err)
	}
	sum := exec.Command("openssl", "dgst", "-sha256", "-r")
	sum.Stdin = bytes.NewReader(der)
	out, err := sum.Output()
	if err != nil {
		t.Fatal(err)
	}
	hex, _, _ := strings.Cut(string(out), " ")
	return hex
}

// Every fault of every key is in one report, and a command that was misused says so.
func TestKeyListRefuses(t *testing.T) {
	r := newDemoFirm(t)
	r.newKey("keys/2.0.pem", "-algorithm", "SM2")
	r.configure(firstKey, firstKey+"    algorithm: sm2\n"+
		"  - version: \"2.0\"\n    public_key_file: \"keys/2.0.pem\"\n    not_before: 2999-01-01\n"+
		"  - version: \"3.0\"\n    public_key_file: \"keys/none.pem\"\n    not_after: 2000-01-01\n")
	status, _, errOut := called("key", "list", "--config", r.site.Path)
	if status != exitFailed {
		t.Errorf("status %d", status)
	}
	for _, words := range []string{
		"keys[0].algorithm: is sm2, but", "holds an RSA key; write algorithm: rsa if that is the key",
		"keys[1].algorithm: is rsa, but", "keys[2].public_key_file",
	} {
		if !strings.Contains(errOut, words) {
			t.Errorf("%q is not in\n%s", words, errOut)
		}
	}
	for _, args := range [][]string{
		{"key", "list"},
		{"key", "list", "--config", r.site.Path, "-o", "yaml"},
		{"app", "add", "--config", r.site.Path, "--app-id", "a_b_1", "--cipher", "des"},
		{"ping", "--cipher", "SM4"},
	} {
		if status, _, errOut := called(args...); status != exitMisuse || !strings.Contains(errOut, "tradefront: ") {
			t.Errorf("%v: status %d, %s", args, status, errOut)
		}
	}
}

// app add and app rotate write the cipher, app list shows it, and rotate leaves it if it is
// not told.
func TestAppCipher(t *testing.T) {
	r := newDemoFirm(t)
	app := func(want int, args ...string) string {
		t.Helper()
		status, out, errOut := called(append(append([]string{"app"}, args...), "--config", r.site.Path)...)
		if status != want {
			t.Errorf("app %v: status %d, %s", args, status, errOut)
		}
		return out
	}
	shows := func(cipher string) {
		t.Helper()
		var list []shownAppJSON
		if err := json.Unmarshal([]byte(app(exitDone, "list", "-o", "json")), &list); err != nil || len(list) != 1 || list[0].Cipher != cipher {
			t.Errorf("%v, %+v, want cipher %s", err, list, cipher)
		}
	}
	app(exitDone, "add", "--app-id", "client_a_1.0")
	shows("aes")
	app(exitDone, "rotate", "--app-id", "client_a_1.0", "--cipher", "sm4")
	shows("sm4")
	app(exitDone, "rotate", "--app-id", "client_a_1.0")
	shows("sm4")
	app(exitDone, "rotate", "--app-id", "client_a_1.0", "--cipher", "aes")
	shows("aes")
	app(exitFailed, "rotate", "--app-id", "client_b_1.0", "--cipher", "sm4")
}

// One key under two versions: what is encrypted under the second cannot be opened by the holder
// of the key that was granted as such. Another name and other text around the key hide nothing.
func TestKeyUnderTwoVersions(t *testing.T) {
	newSite(t)
	write(t, "keys/2.0.pem", "the key of 2027\n"+read(t, "keys/1.0.pem"))
	write(t, "tradefront.yaml", siteConfig+"    not_after: \"2027-01-01\"\n  - version: \"2.0\"\n    public_key_file: \"keys/2.0.pem\"\n    not_before: \"2027-01-01\"\n")
	const want = "…keys[1].public_key_file: keys/2.0.pem holds the key of version 1.0 (SHA256:…); name the file of the key that was granted as version 2.0"
	play(t, []step{
		{"config check" + onC, "", 1, "", want},
		{"key list" + onC, "", 1, "", want},
		{"serve" + onC, "", 1, "", want},
	})
	write(t, "keys/2.0.pem", publicPEM(t, &newRSAKey(2048).PublicKey))
	play(t, []step{{"config check" + onC, "", 0, "tradefront.yaml is good: …", ""}})
}
