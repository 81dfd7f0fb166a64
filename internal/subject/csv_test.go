package subject

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"time"
)

// TestNoCellIsAFormula: no text cell of what a terminal or a relay sent begins as a spreadsheet's formulas do; others are unchanged.
func TestNoCellIsAFormula(t *testing.T) {
	t.Parallel()
	texts := []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "client_demo_1.0", "a=b", "", "203.0.113.7", "2001:db8::1"}
	e := &Export{}
	for _, s := range texts {
		e.Logins = append(e.Logins, Login{
			LoginTime: time.Date(2026, 1, 5, 1, 2, 3, 0, time.UTC), TradingDay: s, Address: s, AppID: s, RelayAppID: s, Flag: s, RecordID: s, Found: []string{s},
			FrontID: 1, SessionID: 2, Port: 3,
		})
	}
	var b bytes.Buffer
	if err := e.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\ufeff"))).ReadAll()
	if err != nil || len(rows) != len(texts)+1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i, row := range rows[1:] {
		want := texts[i]
		if i < 7 {
			want = "'" + want
		}
		for _, column := range []int{1, 2, 4, 5, 6, 9, 10} {
			if row[column] != want {
				t.Errorf("%q is %q in column %d, want %q", texts[i], row[column], column, want)
			}
		}
	}
}
