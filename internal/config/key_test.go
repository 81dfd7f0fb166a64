package config

import (
	"testing"
	"time"
)

func TestParseMoment(t *testing.T) {
	for in, want := range map[string]string{
		"2026-01-31":                "2026-01-30T16:00:00Z",
		"2026-01-31 15:30:00":       "2026-01-31T07:30:00Z",
		"2026-01-31T15:30:00+08:00": "2026-01-31T07:30:00Z",
		"2026-01-31T15:30:00Z":      "2026-01-31T15:30:00Z",
	} {
		got, err := parseMoment(in)
		if err != nil || got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%q is %v, %v; want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"2026-02-30", "20260131", "2026-01-31 15:30", "now", " 2026-01-31"} {
		if got, err := parseMoment(in); err == nil {
			t.Errorf("%q is %v", in, got)
		}
	}
}

func TestKeyValidAt(t *testing.T) {
	const yaml = "keys: [{version: a, public_key_file: x, not_before: 2026-01-01, not_after: 2027-01-01}]"
	c, faults := parse([]byte(yaml), identified(yaml))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	k := &c.Keys[0]
	for at, want := range map[time.Time]bool{
		k.NotBefore.Add(-1): false, k.NotBefore: true, k.NotAfter.Add(-1): true, k.NotAfter: false,
	} {
		if k.ValidAt(at) != want {
			t.Errorf("ValidAt(%v) = %v", at, !want)
		}
	}
	if unbounded := new(Key); !unbounded.ValidAt(time.Time{}) || !unbounded.ValidAt(k.NotAfter) {
		t.Error("a key without bounds must always be valid")
	}
}

func TestThreeAtOnce(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		name string
		keys []Key
		many bool
	}{
		{"two without bounds", []Key{{}, {}}, false},
		{"three without bounds", []Key{{}, {}, {}}, true},
		{"relay: the third begins as the first ends", []Key{{NotAfter: day(3)}, {}, {NotBefore: day(3)}}, false},
		{"a moment of three", []Key{{NotAfter: day(4)}, {}, {NotBefore: day(3)}}, true},
		{"three open to the past", []Key{{NotAfter: day(1)}, {NotAfter: day(2)}, {NotAfter: day(3)}}, true},
		{"one after the other", []Key{{NotBefore: day(1), NotAfter: day(2)}, {NotBefore: day(2), NotAfter: day(3)}, {NotBefore: day(3), NotAfter: day(4)}}, false},
	} {
		if when, many := threeAtOnce(c.keys); many != c.many {
			t.Errorf("%s: %v at %q", c.name, many, when)
		}
	}
}

func TestKeyAlgorithm(t *testing.T) {
	for algorithm, good := range map[string]bool{"": true, "rsa": true, "sm2": true, "SM2": false, "rsa2048": false} {
		yaml := "keys: [{version: a, public_key_file: x, algorithm: '" + algorithm + "'}]"
		c, faults := parse([]byte(yaml), identified(yaml))
		if faults.on("keys[0].algorithm") == good {
			t.Errorf("%q: %v", algorithm, faults)
		}
		if algorithm == "" && c.Keys[0].Algorithm != "rsa" {
			t.Errorf("a key without algorithm is %q", c.Keys[0].Algorithm)
		}
	}
}
