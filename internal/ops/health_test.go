package ops

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tradefront/tradefront/test/await"
	"go.uber.org/zap"
)

// TestFlappingCheckKeepsTheFrontReady: a required check that has passed before must fail at each
// look for Patience; a check that never passed, or was registered so, needs no patience.
func TestFlappingCheckKeepsTheFrontReady(t *testing.T) {
	now := time.Unix(0, 0)
	h := NewHealthAt(func() time.Time { return now })
	store, front := true, true
	h.Register("store", Required, func() (bool, string) { return store, "" })
	h.RegisterAtOnce("front", func() (bool, string) { return front, "" })
	look := func(after time.Duration, want bool) {
		t.Helper()
		now = now.Add(after)
		if r := h.Report(); r.Ready != want || r.Reasons[0].Ready != store {
			t.Errorf("after %v: %+v, want ready %t", now.Sub(time.Unix(0, 0)), r, want)
		}
	}
	look(0, true)
	for range 10 { // it flaps
		store = !store
		look(Patience-time.Millisecond, true)
	}
	store = false
	look(time.Second, true)
	look(Patience-time.Millisecond, true)
	look(time.Millisecond, false)
	store = true
	look(time.Millisecond, true)
	front = false
	look(time.Millisecond, false)

	front = true
	h.Register("registry", Required, func() (bool, string) { return false, "" })
	look(time.Millisecond, false) // it has never passed
}

// TestChecksRunOnceASecondForManyLookers: a client of the health listener cannot make the
// front busy.
func TestChecksRunOnceASecondForManyLookers(t *testing.T) {
	now := time.Unix(0, 0)
	h := NewHealthAt(func() time.Time { return now })
	runs := 0
	h.Register("store", Required, func() (bool, string) { runs++; return true, "" })
	for range 100 {
		h.Recent()
	}
	if now = now.Add(lookPeriod); runs != 1 {
		t.Errorf("%d runs in one moment", runs)
	}
	if h.Recent(); runs != 2 {
		t.Errorf("%d runs, one of them a second later", runs)
	}
	now = now.Add(-time.Hour) // a clock that was set
	if h.Recent(); runs != 3 {
		t.Errorf("%d runs, one of them an hour before", runs)
	}
}

// TestHealthListenerTellsNamesOnly: what balancers reach has two pages, and no reason.
func TestHealthListenerTellsNamesOnly(t *testing.T) {
	h := NewHealth()
	a, err := NewHealthListener("127.0.0.1:0", h, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	url := serveAdmin(t, a)
	h.Register("registry", Required, func() (bool, string) { return false, "secret" })
	h.Register("keys", Required, func() (bool, string) { return false, "secret" })
	h.Register("calendar", Warning, func() (bool, string) { return false, "secret" })
	for path, want := range map[string]struct {
		status int
		body   string
	}{
		"/healthz": {200, "ok\n"}, "/readyz": {503, "not ready: registry, keys\n"},
		"/metrics": {404, ""}, "/": {404, ""}, "/status": {404, ""}, "/status/full": {404, ""}, "/debug/pprof/": {404, ""},
	} {
		status, body := request(t, "GET", url+path)
		if status != want.status || want.body != "" && body != want.body || strings.Contains(body, "secret") {
			t.Errorf("%s: %d %q, want %d %q", path, status, body, want.status, want.body)
		}
	}
	h.Register("registry", Required, func() (bool, string) { return true, "" })
	h.Register("keys", Required, func() (bool, string) { return true, "" })
	if status, body := request(t, "GET", url+"/readyz"); status != http.StatusOK || body != "ready\n" {
		t.Errorf("%d %q", status, body)
	}
}

// TestHealthListenerBoundsConnections: connections that send nothing take no more descriptors than that,
// and an end leaves none behind.
func TestHealthListenerBoundsConnections(t *testing.T) {
	a, err := NewHealthListener("127.0.0.1:0", NewHealth(), zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	url := serveAdmin(t, a)
	silent := make([]net.Conn, healthConnections)
	for i := range silent {
		if silent[i], err = net.Dial("tcp", a.Addr().String()); err != nil {
			t.Fatal(err)
		}
		defer silent[i].Close()
	}
	b := a.listener.(*bounded)
	await.True(t, "all connections to be taken", func() bool { return len(b.free) >= healthConnections })
	if err := silent[0].Close(); err != nil {
		t.Fatal(err)
	}
	if status, _ := request(t, "GET", url+"/healthz"); status != http.StatusOK { // in the place that is free now
		t.Errorf("status %d", status)
	}
}

// TestCheckGauge: each check has its gauge, of any severity.
func TestCheckGauge(t *testing.T) {
	m, h := NewMetrics("", ""), NewHealth()
	h.Register("registry", Required, func() (bool, string) { return false, "" })
	h.Register("calendar", Warning, func() (bool, string) { return true, "" })
	m.RegisterChecks(h)
	families, err := m.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]float64)
	for _, f := range families {
		if f.GetName() != "tradefront_check_ok" {
			continue
		}
		for _, series := range f.GetMetric() {
			label := series.GetLabel()
			got[label[0].GetValue()+" "+label[1].GetValue()] = series.GetGauge().GetValue()
		}
	}
	want := map[string]float64{"calendar warning": 1, "registry required": 0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
