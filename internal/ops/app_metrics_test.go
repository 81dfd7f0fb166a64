package ops

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestAppsAreBounded: an AppID that the firm does not know is no label, and neither is one after the first maxApps.
func TestAppsAreBounded(t *testing.T) {
	t.Parallel()
	m := NewMetrics("test", "test")
	m.AppAuthenticated("stranger", "unknown_app", false)
	for i := range maxApps + 10 {
		m.AppLoggedIn(fmt.Sprintf("app_%d_1.0", i), "ok", true)
	}
	m.AppLoggedIn("app_0_1.0", "ok", true)
	counted := appCounts(t, m)
	for series, want := range map[string]float64{
		"tradefront_app_authentications_total other unknown_app": 1,
		"tradefront_app_logins_total other ok":                   10,
		"tradefront_app_logins_total app_0_1.0 ok":               2,
	} {
		if counted[series] != want {
			t.Errorf("%s is %v, want %v", series, counted[series], want)
		}
	}
	if n := len(counted); n != maxApps+2 {
		t.Errorf("%d series, want %d", n, maxApps+2)
	}
}

// TestAppsBeginAtZero: each registered AppID has its series before its first terminal comes, unless there are too many to tell apart.
func TestAppsBeginAtZero(t *testing.T) {
	t.Parallel()
	m := NewMetrics("test", "test")
	m.PresetApps(2, slices.Values([]string{"a_1", "b_1"}), []string{"ok", "wrong_answer"})
	m.AppAuthenticated("a_1", "wrong_answer", true)
	m.PresetApps(2, slices.Values([]string{"a_1", "b_1"}), []string{"ok", "wrong_answer"}) // as with each look
	m.PresetApps(maxApps+1, slices.Values([]string{"c_1"}), []string{"ok", "wrong_answer"})
	want := map[string]float64{
		"tradefront_app_authentications_total a_1 ok": 0, "tradefront_app_authentications_total a_1 wrong_answer": 1,
		"tradefront_app_authentications_total b_1 ok": 0, "tradefront_app_authentications_total b_1 wrong_answer": 0,
	}
	if got := appCounts(t, m); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// appCounts are the counters by AppID, by name and labels.
func appCounts(t *testing.T, m *Metrics) map[string]float64 {
	t.Helper()
	families, err := m.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	counts := make(map[string]float64)
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), namespace+"_app_") {
			continue
		}
		for _, s := range f.GetMetric() {
			counts[fmt.Sprintf("%s %s %s", f.GetName(), s.GetLabel()[0].GetValue(), s.GetLabel()[1].GetValue())] = s.GetCounter().GetValue()
		}
	}
	return counts
}

// TestHistogramsAreNativeToo: each histogram of ours has classic buckets and a native schema.
func TestHistogramsAreNativeToo(t *testing.T) {
	t.Parallel()
	m := NewMetrics("test", "test")
	m.Preset(Labels{Stages: []string{"total"}})
	m.LoopLag(3e6)
	families, err := m.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	histograms := 0
	for _, f := range families {
		h := f.GetMetric()[0].GetHistogram()
		if h == nil || !strings.HasPrefix(f.GetName(), namespace) {
			continue
		}
		histograms++
		if len(h.GetBucket()) == 0 || h.Schema == nil {
			t.Errorf("%s has %d classic buckets, native: %t", f.GetName(), len(h.GetBucket()), h.Schema != nil)
		}
	}
	if histograms < 6 {
		t.Errorf("only %d histograms were found", histograms)
	}
}
