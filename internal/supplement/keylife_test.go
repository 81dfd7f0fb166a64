package supplement

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestKeyState(t *testing.T) {
	ring := mustRing(t, key("old", "2024-01-01", "2025-06-01"), key("new", "2025-01-01", "2026-01-01"))
	for _, tt := range []struct{ at, old, new string }{
		{"2023-12-31 23:59:59", "not yet", "not yet"},
		{"2024-01-01 00:00:00", "newest", "not yet"},
		{"2024-12-31 23:59:59", "newest", "not yet"},
		{"2025-01-01 00:00:00", "valid", "newest"},
		{"2025-05-31 23:59:59", "valid", "newest"},
		{"2025-06-01 00:00:00", "expired", "newest"},
		{"2025-12-31 23:59:59", "expired", "newest"},
		{"2026-01-01 00:00:00", "expired", "expired"},
	} {
		keys := ring.Keys()
		if old, young := ring.State(&keys[0], at(tt.at)).String(), ring.State(&keys[1], at(tt.at)).String(); old != tt.old || young != tt.new {
			t.Errorf("%s: %s and %s, want %s and %s", tt.at, old, young, tt.old, tt.new)
		}
	}
	if KeyState(0).String() != "invalid" || (KeyExpired+1).String() != "invalid" {
		t.Error("a state outside the set has a word")
	}
}

func TestWarnings(t *testing.T) {
	end := at("2026-07-01 00:00:00")
	ends := func(version string) Key { return key(version, "", "2026-07-01") }
	before := func(days int, more time.Duration) time.Time { return end.Add(-time.Duration(days)*day - more) }
	for _, tt := range []struct {
		name string
		keys []Key
		now  time.Time
		want []string // "subject/days words", each
	}{
		{"no end", []Key{key("1", "", "")}, end, nil},
		{"61 days", []Key{ends("1")}, before(61, 0), nil},
		{"60 days and a second", []Key{ends("1")}, before(60, time.Second), nil},
		{"60 days", []Key{ends("1")}, before(60, 0), []string{"/60 from 2026-07-01 00:00:00 on, in 60 days, and every login will be answered 7: ask the monitoring centre"}},
		{"30 days and a second", []Key{ends("1")}, before(30, time.Second), []string{"/60 in 30 days"}},
		{"30 days", []Key{ends("1")}, before(30, 0), []string{"/30 in 30 days"}},
		{"7 days", []Key{ends("1")}, before(7, 0), []string{"/7 in 7 days"}},
		{"a day", []Key{ends("1")}, before(1, 0), []string{"/7 in one day"}},
		{"a second", []Key{ends("1")}, before(0, time.Second), []string{"/7 in less than a day"}},
		{"over", []Key{ends("1")}, end, []string{"/0 is valid now and every login is answered 7: ask"}},
		{
			"the successor is valid",
			[]Key{ends("1"), key("2", "2026-01-01", "")},
			before(7, 0),
			[]string{"1/7 version 1 ends at 2026-07-01 00:00:00, in 7 days: terminals that still use it will be flagged 2, have them take version 2"},
		},
		{"the successor begins at the end", []Key{ends("1"), key("2", "2026-07-01", "")}, before(7, 0), []string{"1/7 take version 2"}},
		{
			"the successor begins after the end",
			[]Key{ends("1"), key("2", "2026-07-02", "")},
			before(7, 0),
			[]string{"/7 no encryption key is valid from 2026-07-01 00:00:00 on, in 7 days, and every login will be answered 7, until version 2 begins at 2026-07-02"},
		},
		{"in the gap", []Key{ends("1"), key("2", "2026-07-02", "")}, end, []string{"/0 until version 2 begins at 2026-07-02 00:00:00"}},
		{"one of two remains and ends soon", []Key{key("1", "", "2026-01-01"), ends("2")}, before(7, 0), []string{"/7 no encryption key"}},
		{"both end together", []Key{ends("1"), ends("2")}, before(7, 0), []string{"/7 no encryption key"}},
		{
			"both end soon",
			[]Key{ends("1"), key("2", "", "2026-07-20")},
			before(7, 0),
			[]string{"/30 from 2026-07-20 00:00:00 on, in 26 days", "1/7 take version 2"},
		},
		{"a chain of three", []Key{ends("1"), key("2", "2026-06-01", "2026-08-01"), key("3", "2026-07-15", "")}, before(7, 0), []string{"1/7 take version 2", "2/60 take version 3"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := mustRing(t, tt.keys...).Warnings(tt.now)
			if len(got) != len(tt.want) {
				t.Fatalf("%+v, want %q", got, tt.want)
			}
			for i, w := range got {
				subject, words, _ := strings.Cut(tt.want[i], " ")
				if fmt.Sprintf("%s/%d", w.Subject, w.Days) != subject || !strings.Contains(w.Text, words) {
					t.Errorf("%s/%d %s\nwant %s", w.Subject, w.Days, w.Text, tt.want[i])
				}
			}
		})
	}
}

// coveredUntil agrees with looking at every hour, and always comes to an end.
func TestCoveredUntil(t *testing.T) {
	start := at("2026-01-01 00:00:00")
	rapid.Check(t, func(t *rapid.T) {
		var keys []Key
		for i := range rapid.IntRange(1, 4).Draw(t, "keys") {
			from := rapid.IntRange(0, 30).Draw(t, "from")
			k := Key{Version: string(rune('a' + i)), Encrypter: plain{}, NotBefore: start.Add(time.Duration(from) * time.Hour)}
			if length := rapid.IntRange(0, 20).Draw(t, "hours"); length > 0 {
				k.NotAfter = k.NotBefore.Add(time.Duration(length) * time.Hour)
			}
			keys = append(keys, k)
		}
		ring, err := NewKeyRing(keys)
		if err != nil {
			return // more than two at once
		}
		now := start.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "now")) * time.Hour)
		if ring.Newest(now) == nil {
			return
		}
		want := time.Time{}
		for hour := range 100 {
			if later := now.Add(time.Duration(hour) * time.Hour); ring.Newest(later) == nil {
				want = later
				break
			}
		}
		if got := ring.coveredUntil(now); !got.Equal(want) {
			t.Fatalf("covered until %v, want %v", got, want)
		}
	})
}
