package auth

import (
	"bytes"
	"encoding/hex"
	"os/exec"
	"testing"
)

// The OpenSSL command line answers the same challenge with both ciphers: it is the other
// side of this interop test, as it is of the one with a terminal in another language.
func TestRespondAsOpenSSLDoes(t *testing.T) {
	ch, _ := vector(t)
	for c, name := range map[Cipher]string{AES: "-aes-128-ecb", SM4: "-sm4-ecb"} {
		cmd := exec.Command("openssl", "enc", name, "-nopad", "-K", hex.EncodeToString([]byte(vectorCode)))
		cmd.Stdin = bytes.NewReader(ch[:])
		want, err := cmd.Output()
		if err != nil {
			t.Fatalf("openssl enc %s: %v", name, err)
		}
		got, err := c.Respond(mustCode(t, vectorCode), ch)
		if err != nil || !bytes.Equal(got[:], want) {
			t.Errorf("%s: %x, %v; OpenSSL has %x", c, got, err, want)
		}
	}
}

// The example of GB/T 32907, A.1.
func TestSM4PublishedVector(t *testing.T) {
	key := [AuthCodeLen]byte{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10}
	block, err := SM4.newBlock(AuthCode{&key})
	if err != nil {
		t.Fatal(err)
	}
	var ch Challenge
	copy(ch[:], key[:])
	var got [ChallengeLen]byte
	encryptBlocks(block, &got, &ch)
	if want := "681edf34d206965e86b3e94f536e4246"; hex.EncodeToString(got[:16]) != want {
		t.Errorf("%x, want %s", got[:16], want)
	}
}

// An AppID admits the answers of its own cipher alone, and disabled it admits none.
func TestVerifyByCipher(t *testing.T) {
	r, source, master := newTestRegistry(t)
	national, disabled := app(t, master, "client_sm4_1.0", vectorCode, true), app(t, master, "client_off_1.0", vectorCode, false)
	national.Cipher, disabled.Cipher = SM4, SM4
	source.set(app(t, master, appID, vectorCode, true), national, disabled)
	mustRefresh(t, r, true)
	ch, aesAnswer := vector(t)
	sm4Answer, err := SM4.Respond(mustCode(t, vectorCode), ch)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		id       string
		aes, sm4 Verdict
	}{
		{string(appID), OK, WrongAnswer},
		{"client_sm4_1.0", WrongAnswer, OK},
		{"client_off_1.0", DisabledApp, DisabledApp},
		{"client_new_1.0", UnknownApp, UnknownApp},
	} {
		if got := r.Verify([]byte(tt.id), ch, &aesAnswer).Verdict; got != tt.aes {
			t.Errorf("%s, answer by AES: %v, want %v", tt.id, got, tt.aes)
		}
		if got := r.Verify([]byte(tt.id), ch, &sm4Answer).Verdict; got != tt.sm4 {
			t.Errorf("%s, answer by SM4: %v, want %v", tt.id, got, tt.sm4)
		}
	}
}

// A change of cipher reaches the registry like a new code; a cipher that this program does
// not know leaves that one AppID out.
func TestRefreshTakesTheCipherOver(t *testing.T) {
	r, source, master := newTestRegistry(t)
	row := app(t, master, appID, vectorCode, true)
	source.set(row)
	mustRefresh(t, r, true)
	ch, _ := vector(t)
	answer, _ := SM4.Respond(mustCode(t, vectorCode), ch)
	row.Cipher = SM4
	source.set(row)
	mustRefresh(t, r, true)
	if got := r.Verify([]byte(appID), ch, &answer).Verdict; got != OK {
		t.Errorf("after the change to SM4: %v", got)
	}
	row.Cipher = 2
	source.set(row)
	if _, err := r.Refresh(t.Context()); err == nil {
		t.Error("an unknown cipher was taken")
	}
	if got := r.Verify([]byte(appID), ch, &answer).Verdict; got != UnreadableApp {
		t.Errorf("with an unknown cipher: %v", got)
	}
}

func TestCipherWords(t *testing.T) {
	for _, c := range []Cipher{AES, SM4} {
		if got, err := ParseCipher(c.String()); err != nil || got != c {
			t.Errorf("%v came back as %v, %v", c, got, err)
		}
	}
	for _, s := range []string{"", "AES", "aes ", "sm2"} {
		if _, err := ParseCipher(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
	if got := Cipher(2).String(); got != "invalid" {
		t.Errorf("cipher 2 is %q", got)
	}
	if _, err := SM4.Respond(AuthCode{}, new(Challenge)); err == nil {
		t.Error("the zero authcode answered")
	}
}

func BenchmarkVerifySM4(b *testing.B) {
	r, source, master := newTestRegistry(b)
	row := app(b, master, appID, vectorCode, true)
	row.Cipher = SM4
	source.set(row)
	mustRefresh(b, r, true)
	ch, right := vector(b)
	id := []byte(appID)
	b.ReportAllocs()
	for b.Loop() {
		r.Verify(id, ch, &right)
	}
}
