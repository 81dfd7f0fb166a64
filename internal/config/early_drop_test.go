package config

import "testing"

func TestEarlyDrop(t *testing.T) {
	for in, want := range map[string]EarlyDrop{
		"":              {},
		"4000:30:16000": {4000, 30, 16000},
		"0:100:1":       {0, 100, 1},
		"7:0:7":         {7, 0, 7},
	} {
		if got, err := parseEarlyDrop(in); err != nil || got != want {
			t.Errorf("%q: %+v, %v", in, got, err)
		}
	}
	for in, want := range map[string]string{
		"4000":              "is not start:rate:full, as 4000:30:16000",
		"1:2:3:4":           "is not start:rate:full, as 4000:30:16000",
		"a:30:100":          "is not start:rate:full, as 4000:30:16000",
		"-1:30:100":         "is not start:rate:full, as 4000:30:16000",
		"010:30:100":        "is not start:rate:full, as 4000:30:16000",
		"10:30:99999999999": "is not start:rate:full, as 4000:30:16000",
		"10:101:100":        "its rate is 101 percent, at most 100 are possible",
		"0:30:0":            "its full is 0, want 1 to 10000000",
		"10:30:20000000":    "its full is 20000000, want 1 to 10000000",
		"101:30:100":        "it starts at 101, behind its full of 100",
	} {
		if _, err := parseEarlyDrop(in); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
	}
}
