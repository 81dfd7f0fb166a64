package calendar

import "testing"

func TestParseTradingDay(t *testing.T) {
	if d, err := ParseTradingDay("20240229"); err != nil || d != 20240229 || d.String() != "20240229" {
		t.Errorf("%v, %v", d, err)
	}
	for _, bad := range []string{"", "2026-01-05", "20260230", "2026015", "202601050", " 0260105", "abcdefgh"} {
		if d, err := ParseTradingDay(bad); err == nil {
			t.Errorf("%q is %v", bad, d)
		}
	}
}
