package subject

import (
	"bytes"
	"context"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
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

// relayed is a store with one login through a relay.
type relayed store.Record

func (r *relayed) EachOfAccount(_ context.Context, _ regulation.Account, f func(*store.Record) error) error {
	return f((*store.Record)(r))
}

// TestVisitOfARelayedLogin: the time at which the customer logged in at the relay is kept and reported, and so is in both files. A direct
// login has none.
func TestVisitOfARelayedLogin(t *testing.T) {
	t.Parallel()
	const visited = "2026-01-05 08:44:58"
	direct := store.Record{
		ID: uuid.MustParse("019b7c1e-5c00-7d4e-8a3b-0123456789ab"), TradingDay: 20260105, LoginTime: time.Date(2026, 1, 5, 9, 0, 0, 0, regulation.Zone),
		AppID: "client_test_1.0", Account: "88888888", FrontID: 1, SessionID: 7,
	}
	r := direct
	r.ID, r.RelayAppID, r.RelayMode = uuid.MustParse("019b7c1e-5c00-7d4e-8a3b-0123456789ac"), "abcdef_many_1.6.0", store.RelayInvestor
	r.LoginTime = time.Date(2026, 1, 5, 14, 0, 0, 0, regulation.Zone)
	r.VisitTime = time.Date(2026, 1, 5, 8, 44, 58, 0, regulation.Zone).UTC()
	c := New(r.Account)
	for _, one := range []*store.Record{&r, &direct} {
		if err := c.Store(t.Context(), (*relayed)(one), "store"); err != nil {
			t.Fatal(err)
		}
	}
	e := c.Export(time.Now(), "a@b", "17", nil)
	var b bytes.Buffer
	if err := e.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	for i := range e.Logins {
		l, row := &e.Logins[i], strings.Split(strings.TrimSpace(b.String()), "\n")[i+1]
		if l.RelayAppID == "" && (l.VisitTime != nil || strings.Contains(row, visited)) {
			t.Errorf("a direct login: %+v, %s", l, row)
		}
		if l.RelayAppID != "" && (l.VisitTime == nil || l.VisitTime.Format("2006-01-02 15:04:05") != visited || !strings.HasSuffix(row, ","+visited)) {
			t.Errorf("a relayed login: %+v, %s", l, row)
		}
	}
}
