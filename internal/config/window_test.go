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

func TestKeyWindow(t *testing.T) {
	w, err := Key{NotBefore: "2026-01-01", NotAfter: "2027-01-01"}.Window()
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Time]bool{
		w.NotBefore.Add(-1): false, w.NotBefore: true, w.NotAfter.Add(-1): true, w.NotAfter: false,
	} {
		if w.Contains(at) != want {
			t.Errorf("Contains(%v) = %v", at, !want)
		}
	}
	if unbounded := (KeyWindow{}); !unbounded.Contains(time.Time{}) || !unbounded.Contains(w.NotAfter) {
		t.Error("a key without bounds must always be valid")
	}
	if _, err := (Key{NotBefore: "x"}).Window(); err == nil {
		t.Error("no error")
	}
}

func TestThreeAtOnce(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	never := time.Time{}
	for _, c := range []struct {
		name string
		keys []KeyWindow
		many bool
	}{
		{"two without bounds", []KeyWindow{{}, {}}, false},
		{"three without bounds", []KeyWindow{{}, {}, {}}, true},
		{"relay: the third begins as the first ends", []KeyWindow{{never, day(3)}, {}, {day(3), never}}, false},
		{"a moment of three", []KeyWindow{{never, day(4)}, {}, {day(3), never}}, true},
		{"three open to the past", []KeyWindow{{never, day(1)}, {never, day(2)}, {never, day(3)}}, true},
		{"one after the other", []KeyWindow{{day(1), day(2)}, {day(2), day(3)}, {day(3), day(4)}}, false},
	} {
		if when, many := threeAtOnce(c.keys); many != c.many {
			t.Errorf("%s: %v at %q", c.name, many, when)
		}
	}
}

func TestAddressProblem(t *testing.T) {
	for _, good := range []string{"127.0.0.1:0", ":41205", "[::1]:65535", "front-1.example.cn:1", "localhost:80"} {
		if p := addressProblem(good); p != "" {
			t.Errorf("%q %s", good, p)
		}
	}
	for _, bad := range []string{"", "41205", "a", "a:", "a:65536", "a:-1", "a:+1", "a:01", "a:http", "::1:80", "1.2.3:80", "1.2.3.4.5:1", "a b:1", "-a:1", "a..b:1", "a@b:1", "tcp://a:1"} {
		if addressProblem(bad) == "" {
			t.Errorf("%q passes", bad)
		}
	}
}
