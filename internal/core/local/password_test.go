package local

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestHashPassword(t *testing.T) {
	for _, tt := range []struct{ name, password, problem string }{
		{"plain", "right", ""},
		{"one byte", "x", ""},
		{"40 bytes", strings.Repeat("x", 40), ""},
		{"Chinese", "密码", ""},
		{"leading and inner space", " a b", ""},
		{"empty", "", "empty"},
		{"41 bytes", strings.Repeat("x", 41), "41 bytes, at most 40"},
		{"trailing space", "right ", "ends in a space; the login request pads"},
		{"only a space", " ", "ends in a space"},
		{"NUL", "a\x00b", "control"},
		{"line feed", "right\n", "control"},
		{"invalid UTF-8", "a\xffb", "UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			phc, err := HashPassword([]byte(tt.password), cheap)
			if tt.problem != "" {
				var fault *PasswordError
				if !errors.As(err, &fault) || !strings.Contains(fault.Problem, tt.problem) || phc != "" {
					t.Fatalf("%q, %v; want a problem with %q", phc, err, tt.problem)
				}
				return
			}
			if err != nil || !strings.HasPrefix(phc, "$argon2id$v=19$m=8,t=1,p=1$") {
				t.Fatalf("%q, %v", phc, err)
			}
			h, err := parseHash(phc)
			if err != nil || !h.matches([]byte(tt.password)) || h.matches([]byte(tt.password+"x")) || h.matches(nil) {
				t.Fatalf("the hash does not tell right from wrong: %v", err)
			}
		})
	}
	a, _ := HashPassword([]byte("right"), cheap)
	b, _ := HashPassword([]byte("right"), cheap)
	if a == b {
		t.Error("two hashes of one password are equal: the salt repeats")
	}
}

// A vector of the reference implementation's own tests (phc-winner-argon2, src/test.c):
// "password", "somesalt", 2 iterations, 64 MiB, one lane.
func TestReferenceHash(t *testing.T) {
	const phc = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	h, err := parseHash(phc)
	if err != nil {
		t.Fatal(err)
	}
	if !h.matches([]byte("password")) || h.matches([]byte("Password")) {
		t.Fatal("does not agree with the reference implementation")
	}
}

func TestParams(t *testing.T) {
	for _, p := range []Params{{}, {7, 1}, {8, 0}, {8, 65}, {maxMemoryKiB + 1, 1}} {
		if _, err := HashPassword([]byte("right"), p); err == nil {
			t.Errorf("%+v was accepted", p)
		}
	}
}

func TestParseHashRefuses(t *testing.T) {
	const salt, digest = "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	good := "$argon2id$v=19$m=8,t=1,p=1$" + salt + "$" + digest
	if _, err := parseHash(good); err != nil {
		t.Fatal(err)
	}
	for name, phc := range map[string]string{
		"empty":                 "",
		"plain text":            "right",
		"argon2i":               strings.Replace(good, "argon2id", "argon2i", 1),
		"other version":         strings.Replace(good, "v=19", "v=16", 1),
		"no version":            strings.Replace(good, "$v=19", "", 1),
		"something before it":   "x" + good,
		"something after it":    good + "$",
		"line feed after it":    good + "\n",
		"line feed in the salt": strings.Replace(good, salt, salt[:4]+"\n"+salt[4:], 1),
		"padded":                good + "=",
		"stray bits":            good[:len(good)-1] + "B",
		"URL alphabet":          good[:len(good)-2] + "-A",
		"parameters reordered":  strings.Replace(good, "m=8,t=1", "t=1,m=8", 1),
		"parameter missing":     strings.Replace(good, ",p=1", "", 1),
		"parameter more":        strings.Replace(good, ",p=1", ",p=1,k=1", 1),
		"leading zero":          strings.Replace(good, "m=8", "m=08", 1),
		"plus":                  strings.Replace(good, "m=8", "m=+8", 1),
		"zero time":             strings.Replace(good, "t=1", "t=0", 1),
		"zero lanes":            strings.Replace(good, "p=1", "p=0", 1),
		"too much memory":       strings.Replace(good, "m=8", "m=1048577", 1),
		"too much time":         strings.Replace(good, "t=1", "t=65", 1),
		"too many lanes":        strings.Replace(good, "m=8,t=1,p=1", "m=1024,t=1,p=17", 1),
		"too little memory":     strings.Replace(good, "p=1", "p=2", 1),
		"overflow":              strings.Replace(good, "m=8", "m=4294967304", 1),
		"short salt":            strings.Replace(good, salt, "AAAA", 1),
		"no salt":               strings.Replace(good, salt, "", 1),
		"short digest":          strings.Replace(good, digest, "AAAA", 1),
		"no digest":             strings.Replace(good, digest, "", 1),
		"long digest":           strings.Replace(good, digest, strings.Repeat("AAAA", 22), 1),
	} {
		if _, err := parseHash(phc); err == nil {
			t.Errorf("%s was accepted: %q", name, phc)
		} else if len(phc) > 30 && strings.Contains(err.Error(), digest) {
			t.Errorf("%s: the error contains the hash", name)
		}
	}
}

// One hash, one spelling: what is parsed encodes to the same bytes.
func TestHashEncodesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Params{uint32(rapid.IntRange(8, maxMemoryKiB).Draw(t, "m")), uint32(rapid.IntRange(1, maxIterations).Draw(t, "t"))}
		h := randomHash(p)
		again, err := parseHash(h.phc)
		if err != nil || again.encode() != h.phc || again.memory != p.MemoryKiB || again.time != p.Iterations {
			t.Fatalf("%q: %v", h.phc, err)
		}
	})
}

func FuzzParseHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2i$v=19$m=8$$")
	f.Fuzz(func(t *testing.T, phc string) {
		h, err := parseHash(phc)
		if err != nil {
			return
		}
		if h.encode() != phc || h.memory > maxMemoryKiB || h.time > maxIterations || h.lanes > maxLanes || len(phc) > 255 {
			t.Fatalf("accepted %q as %+v", phc, h)
		}
	})
}
