package quality

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

const (
	day    = calendar.TradingDay(20260106)
	before = calendar.TradingDay(20260105)
)

// kept are the records of some days.
type kept map[calendar.TradingDay][]store.Record

func (k kept) Scan(_ context.Context, day calendar.TradingDay, f func(*store.Record) error) error {
	for i := range k[day] {
		if err := f(&k[day][i]); err != nil {
			return err
		}
	}
	return nil
}

func (k kept) Archives(context.Context, calendar.TradingDay) ([]store.Archive, error) {
	return nil, nil
}

func (k kept) add(on calendar.TradingDay, app string, flag regulation.AbnormalFlag, n int) {
	for range n {
		k[on] = append(k[on], store.Record{AppID: regulation.AppID(app), Flag: flag})
	}
}

func run(t *testing.T, k kept) *Report {
	t.Helper()
	r, err := Run(t.Context(), Options{Day: day, Before: before, Records: k})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestQuality(t *testing.T) {
	k := kept{}
	k.add(before, "v_old_1.0", '0', 100)
	k.add(before, "v_gone_1.0", '0', 5)
	k.add(day, "v_old_1.0", '0', 95)
	k.add(day, "v_old_1.0", '3', 5)
	k.add(day, "v_new_2.0", '1', 2)
	k.add(day, "v_good_1.0", '0', 7)
	r := run(t, k)
	if r.Today != (Count{109, 7, 7.0 / 109}) || r.Earlier != (Count{Logins: 105}) {
		t.Errorf("%+v, %+v", r.Today, r.Earlier)
	}
	if len(r.Flags) != 4 || r.Flags[3].Today != 5 || r.Flags[1].Today != 2 || r.Flags[0].Today != 102 || r.Flags[0].Earlier != 105 {
		t.Errorf("%+v", r.Flags)
	}
	var names []string
	for i := range r.Apps {
		names = append(names, r.Apps[i].AppID)
	}
	if got := strings.Join(names, " "); got != "v_old_1.0 v_new_2.0 v_good_1.0 v_gone_1.0" {
		t.Errorf("the order is %s", got)
	}
	old := r.Apps[0]
	if !old.Worse || old.New || old.Software != "v_old" || old.Version != "1.0" || old.Flags != (flags{95, 0, 0, 5}) {
		t.Errorf("%+v", old)
	}
	if !r.Apps[1].New || r.Apps[1].Worse || r.Apps[3].Remark() == "" {
		t.Errorf("%+v", r.Apps)
	}
	var text, html bytes.Buffer
	if err := errors.Join(r.WriteText(&text), r.WriteHTML(&html)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"v_old_1.0", "5/100 (5.00%)", "比前一日差", "终端信息数据异常"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the text lacks %q:\n%s", want, text.String())
		}
	}
	for _, bad := range []string{"<script", "http://", "https://"} {
		if strings.Contains(html.String(), bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if !strings.Contains(html.String(), "5/100 (5.00%)") {
		t.Error("the page lacks a share")
	}
}

// A rise of one percentage point is marked, and less is not.
func TestRose(t *testing.T) {
	for _, c := range []struct {
		before, now Count
		want        bool
	}{
		{Count{Logins: 100, Abnormal: 2}, Count{Logins: 100, Abnormal: 3}, true},
		{Count{Logins: 300, Abnormal: 21}, Count{Logins: 700, Abnormal: 56}, true},
		{Count{Logins: 300, Abnormal: 21}, Count{Logins: 701, Abnormal: 56}, false},
		{Count{Logins: 100, Abnormal: 3}, Count{Logins: 100, Abnormal: 2}, false},
		{Count{}, Count{Logins: 100, Abnormal: 100}, false},
		{Count{Logins: 100}, Count{}, false},
	} {
		if got := rose(c.before, c.now); got != c.want {
			t.Errorf("from %+v to %+v: %v", c.before, c.now, got)
		}
	}
}

// A day without logins says so, on the page too.
func TestNoLogins(t *testing.T) {
	r := run(t, kept{})
	var text, html bytes.Buffer
	if err := errors.Join(r.WriteText(&text), r.WriteHTML(&html)); err != nil || !strings.Contains(text.String(), "0 行") || !strings.Contains(html.String(), "0 行") {
		t.Errorf("%v\n%s", err, text.String())
	}
}

// AppIDs without a place of their own are counted all the same.
func TestManyApps(t *testing.T) {
	k := kept{}
	for i := range appsMost + 10 {
		k.add(day, fmt.Sprintf("v_%d_1.0", i), '0', 1)
	}
	r := run(t, k)
	if r.Today.Logins != appsMost+10 || len(r.Apps) != appsMost+1 {
		t.Errorf("%d logins, %d AppIDs", r.Today.Logins, len(r.Apps))
	}
}

// A name of an AppID is text on the page, not markup.
func TestEscaping(t *testing.T) {
	k := kept{}
	k.add(day, "v_<script>alert(1)</script>_1", '0', 1)
	var html bytes.Buffer
	if err := run(t, k).WriteHTML(&html); err != nil || strings.Contains(html.String(), "<script") {
		t.Errorf("%v", err)
	}
}

func TestImpossibleFlag(t *testing.T) {
	k := kept{}
	k.add(day, "v_x_1", '9', 1)
	if _, err := Run(t.Context(), Options{Day: day, Before: before, Records: k}); err == nil || !strings.Contains(err.Error(), "flag") {
		t.Error(err)
	}
}

// archived is a store of which files have the records of a day.
type archived struct {
	kept
	on    calendar.TradingDay
	files []store.Archive
}

func (a archived) Archives(_ context.Context, day calendar.TradingDay) ([]store.Archive, error) {
	if day != a.on {
		return nil, nil
	}
	return a.files, nil
}

// TestAnArchivedDayIsNotADayWithoutLogins: neither the day itself nor the one before it. One that was restored is counted.
func TestAnArchivedDayIsNotADayWithoutLogins(t *testing.T) {
	k := kept{}
	k.add(day, "v_a_1.0", '0', 3)
	k.add(before, "v_a_1.0", '0', 3)
	for _, on := range []calendar.TradingDay{day, before} {
		for state, want := range map[store.ArchiveState]string{
			store.ArchiveDetached: "the records of " + on.String() + " are archived in a.zip and b.zip", store.ArchiveDropped: "archived in a.zip and b.zip",
			store.ArchiveRestored: "",
		} {
			a := archived{k, on, []store.Archive{{File: "a.zip", State: state}, {File: "b.zip", State: state}}}
			_, err := Run(t.Context(), Options{Day: day, Before: before, Records: a})
			if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s %s: %v, want %q", on, state, err, want)
			}
		}
	}
}
