package supplement

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// plain is an Encrypter for tests that only need one.
type plain struct{}

func (plain) Encrypt(dst, plaintext []byte) ([]byte, error) { return append(dst, plaintext...), nil }

// CiphertextLen is that of RSA, which the tests of lengths are about.
func (plain) CiphertextLen() (shortest, longest int) { return CiphertextLen, CiphertextLen }

func (plain) HasForm([]byte) bool { return true }

// key takes its bounds as dates, "" for none.
func key(version, notBefore, notAfter string) Key {
	k := Key{Version: version, Encrypter: plain{}}
	if notBefore != "" {
		k.NotBefore = at(notBefore + " 00:00:00")
	}
	if notAfter != "" {
		k.NotAfter = at(notAfter + " 00:00:00")
	}
	return k
}

func mustRing(t testing.TB, keys ...Key) *KeyRing {
	t.Helper()
	ring, err := NewKeyRing(keys)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func TestNewKeyRing(t *testing.T) {
	noEncrypter := key("1", "", "")
	noEncrypter.Encrypter = nil
	for _, tt := range []struct {
		name    string
		keys    []Key
		problem string // "" for none
	}{
		{"one, unbounded", []Key{key("1", "", "")}, ""},
		{"two, unbounded", []Key{key("1", "", ""), key("2", "", "")}, ""},
		{"three in a row", []Key{key("1", "", "2025-01-01"), key("2", "2025-01-01", "2026-01-01"), key("3", "2026-01-01", "")}, ""},
		{"three, overlapping by pairs", []Key{key("1", "2024-01-01", "2025-06-01"), key("2", "2025-01-01", "2026-06-01"), key("3", "2025-06-01", "")}, ""},
		{"one over another's whole life, twice", []Key{key("1", "", ""), key("2", "", "2025-01-01"), key("3", "2025-01-01", "")}, ""},
		{"none", nil, "no encryption key"},
		{"three unbounded", []Key{key("1", "", ""), key("2", "", ""), key("3", "", "")}, "3 keys are valid"},
		{"three without a start", []Key{key("1", "", "2020-01-01"), key("2", "", "2021-01-01"), key("3", "", "2022-01-01")}, "3 keys are valid"},
		{"three for one day", []Key{key("1", "2024-01-01", "2025-06-02"), key("2", "2025-01-01", "2026-06-01"), key("3", "2025-06-01", "")}, `once key version "3" is`},
		{"three inside one another", []Key{key("3", "2024-03-01", "2024-04-01"), key("2", "2024-02-01", "2024-05-01"), key("1", "2024-01-01", "2024-06-01")}, "3 keys are valid"},
		{"version twice", []Key{key("1", "", "2025-01-01"), key("1", "2025-01-01", "")}, "appears twice"},
		{"version empty", []Key{key("", "", "")}, "empty"},
		{"version too long", []Key{key("123456789", "", "")}, "9 bytes, at most 8"},
		{"version with a separator", []Key{key("1@", "", "")}, "separator"},
		{"version ends in a space", []Key{key("1 ", "", "")}, "space"},
		{"never valid", []Key{key("1", "2025-01-01", "2025-01-01")}, "never valid"},
		{"ends before it starts", []Key{key("1", "2025-01-02", "2025-01-01")}, "never valid"},
		{"no public key", []Key{noEncrypter}, "no public key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ring, err := NewKeyRing(tt.keys)
			if tt.problem == "" {
				if err != nil || len(ring.Keys()) != len(tt.keys) {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.problem) || ring != nil {
				t.Fatalf("ring %v, error %v; want one with %q", ring, err, tt.problem)
			}
		})
	}
}

// The ring is accepted exactly if no instant, of all in which anything changes and those
// between, has more than two valid keys.
func TestKeyRingOverlap(t *testing.T) {
	day := func(n int) time.Time { return at("2025-01-01 00:00:00").AddDate(0, 0, n) }
	rapid.Check(t, func(t *rapid.T) {
		var keys []Key
		for i := range rapid.IntRange(1, 6).Draw(t, "keys") {
			k := Key{Version: string(rune('a' + i)), Encrypter: plain{}}
			start := rapid.IntRange(0, 9).Draw(t, "start")
			if start > 0 { // 0 is no bound
				k.NotBefore = day(start)
			}
			if length := rapid.IntRange(0, 5).Draw(t, "length"); length > 0 {
				k.NotAfter = day(start + length)
			}
			keys = append(keys, k)
		}
		most := 0
		for half := -2; half < 40; half++ {
			now, valid := day(0).Add(time.Duration(half)*12*time.Hour), 0
			for _, k := range keys {
				if (k.NotBefore.IsZero() || !now.Before(k.NotBefore)) && (k.NotAfter.IsZero() || now.Before(k.NotAfter)) {
					valid++
				}
			}
			most = max(most, valid)
		}
		if _, err := NewKeyRing(keys); (err == nil) != (most <= MaxValidKeys) {
			t.Fatalf("%d valid at one time: %v", most, err)
		}
	})
}

func TestKeyRingIsItsOwn(t *testing.T) {
	keys := []Key{key("1", "", "")}
	ring := mustRing(t, keys...)
	keys[0].Version = "2"
	ring.Keys()[0].Version = "3"
	if k, _ := ring.Select([]byte("1"), time.Now()); k == nil {
		t.Fatal("the ring changed with its caller's slice")
	}
}

func TestSelectAndNewest(t *testing.T) {
	ring := mustRing(t, key("old", "2024-01-01", "2025-06-01"), key("new", "2025-01-01", "2026-01-01"))
	for _, tt := range []struct {
		at, version string
		want        Problem
		newest      string
	}{
		{"2023-12-31 23:59:59", "old", KeyVersionNotYetValid, ""},
		{"2024-01-01 00:00:00", "old", NoProblem, "old"},
		{"2024-12-31 23:59:59", "new", KeyVersionNotYetValid, "old"},
		{"2025-01-01 00:00:00", "new", NoProblem, "new"},
		{"2025-01-01 00:00:00", "old", NoProblem, "new"},
		{"2025-05-31 23:59:59", "old", NoProblem, "new"},
		{"2025-06-01 00:00:00", "old", KeyVersionExpired, "new"},
		{"2025-06-01 00:00:00", "OLD", KeyVersionUnknown, "new"},
		{"2025-06-01 00:00:00", "", KeyVersionUnknown, "new"},
		{"2025-12-31 23:59:59", "new", NoProblem, "new"},
		{"2026-01-01 00:00:00", "new", KeyVersionExpired, ""},
	} {
		k, problem := ring.Select([]byte(tt.version), at(tt.at))
		if problem != tt.want || (k != nil) != (tt.want == NoProblem) || k != nil && k.Version != tt.version {
			t.Errorf("%s, %q: %v, %v; want %v", tt.at, tt.version, k, problem, tt.want)
		}
		newest := ""
		if k := ring.Newest(at(tt.at)); k != nil {
			newest = k.Version
		}
		if newest != tt.newest {
			t.Errorf("%s: newest %q, want %q", tt.at, newest, tt.newest)
		}
	}
}
