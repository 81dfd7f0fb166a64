package auth

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func mustCode(t testing.TB, s string) AuthCode {
	t.Helper()
	code, err := ParseAuthCode(s)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestParseAuthCode(t *testing.T) {
	for _, tt := range []struct{ name, value, problem string }{
		{"published", "DAGET0Q2VRCT1B0J", ""},
		{"two kinds of character", "AAAAAAAAAAAAAAAB", ""},
		{"empty", "", "0 characters"},
		{"short", "DAGET0Q2VRCT1B0", "15 characters"},
		{"long", "DAGET0Q2VRCT1B0JA", "17 characters"},
		{"lower case", "dAGET0Q2VRCT1B0J", "character 1 "},
		{"space", "DAGET0Q2VRCT1B0 ", "character 16 "},
		{"NUL", "DAGET0Q2VRCT1B0\x00", "character 16 "},
		{"not ASCII", "DAGET0Q2VRCT1Bé", "character 15 "},
		{"all zero", "0000000000000000", "equal"},
		{"all Z", "ZZZZZZZZZZZZZZZZ", "equal"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, err := ParseAuthCode(tt.value)
			if tt.problem == "" {
				if err != nil || code.Reveal() != tt.value {
					t.Fatalf("got %q, %v", code.Reveal(), err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.problem) || code.Reveal() != "" {
				t.Fatalf("got %q, error %v, want one with %q", code.Reveal(), err, tt.problem)
			}
			if len(tt.value) > 2 && strings.Contains(err.Error(), tt.value) {
				t.Fatalf("the error contains the secret: %v", err)
			}
		})
	}
}

// Each of the 36 characters comes equally often: chi-squared with 35 degrees of freedom
// stays below 90 but once in 10^6 runs, and a plain modulo would bring it near 700.
func TestNewAuthCodeIsUniform(t *testing.T) {
	const codes = 20_000
	count := make(map[byte]int)
	seen := make(map[string]bool)
	for range codes {
		code, err := NewAuthCode(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		seen[code.Reveal()] = true
		for i := range AuthCodeLen {
			count[code.Reveal()[i]]++
		}
	}
	if len(seen) != codes {
		t.Errorf("%d of %d codes are different", len(seen), codes)
	}
	expected := float64(codes*AuthCodeLen) / 36
	chi := 0.0
	for i := range len(authCodeAlphabet) {
		d := float64(count[authCodeAlphabet[i]]) - expected
		chi += d * d / expected
	}
	if len(count) != 36 || chi > 90 {
		t.Errorf("%d characters, chi-squared %.1f", len(count), chi)
	}
}

// Bytes of 252 and more are thrown away, not folded onto A to D.
func TestNewAuthCodeRejects(t *testing.T) {
	draw := bytes.Repeat([]byte{252, 253, 254, 255}, 12) // 48 bytes that cannot be used
	for b := range byte(16) {
		draw = append(draw, 236+b) // 236 = 6*36+20, so "U" to "9"
	}
	code, err := NewAuthCode(bytes.NewReader(draw))
	if err != nil || code.Reveal() != "UVWXYZ0123456789" {
		t.Fatalf("got %q, %v", code.Reveal(), err)
	}
}

func TestNewAuthCodeOfABrokenSource(t *testing.T) {
	broken := errors.New("no entropy")
	if _, err := NewAuthCode(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("failing source: %v", err)
	}
	for _, b := range []byte{0, 35, 251, 252, 255} {
		if code, err := NewAuthCode(constant(b)); err == nil {
			t.Errorf("a source of nothing but %d made %q", b, code.Reveal())
		}
	}
}

type constant byte

func (c constant) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c)
	}
	return len(p), nil
}

var _ io.Reader = constant(0)

func TestSecretsDoNotPrint(t *testing.T) {
	const secret = "DAGET0Q2VRCT1B0J"
	key := bytes.Repeat([]byte{0xAB}, masterKeyLen)
	master, err := newMasterKey(key)
	if err != nil {
		t.Fatal(err)
	}
	// Typed, so that fmt meets the value itself and no interface.
	inside := struct{ code AuthCode }{mustCode(t, secret)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		got := strings.ToLower(fmt.Sprintf(verb, inside))
		if strings.Contains(got, strings.ToLower(secret)) || strings.Contains(got, fmt.Sprintf("%x", secret)) {
			t.Errorf("an authcode in an unexported field with %s prints %q", verb, got)
		}
	}
	for _, v := range []any{mustCode(t, secret), new(mustCode(t, secret)), master, *master} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10.3s"} {
			if got := fmt.Sprintf(verb, v); got != hidden {
				t.Errorf("%T with %s prints %q", v, verb, got)
			}
			if got := fmt.Sprintf(verb, []any{v}); strings.Contains(got, secret) || strings.Contains(got, "abab") {
				t.Errorf("%T inside a slice with %s prints %q", v, verb, got)
			}
		}
		// fmt does not call the methods of the value of an unexported field.
		if got := fmt.Sprintf("%+v %#v", struct{ v any }{v}, struct{ v any }{v}); strings.Contains(got, secret) || strings.Contains(got, "abab") {
			t.Errorf("%T in an unexported field prints %q", v, got)
		}
		if got, err := json.Marshal(map[string]any{"k": v}); err != nil || string(got) != `{"k":"***"}` {
			t.Errorf("%T as JSON: %s, %v", v, got, err)
		}
		if got, err := v.(interface{ MarshalText() ([]byte, error) }).MarshalText(); err != nil || string(got) != hidden {
			t.Errorf("%T as text: %s, %v", v, got, err)
		}
		if got := v.(fmt.Stringer).String() + v.(fmt.GoStringer).GoString(); got != hidden+hidden {
			t.Errorf("%T as strings: %q", v, got)
		}
	}
}
