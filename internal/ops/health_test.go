package ops

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
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

// silentConnections are connections from an address of this machine that send nothing. They are closed with the test.
func silentConnections(t *testing.T, a *Admin, from string, count int) []net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	all := make([]net.Conn, count)
	for i := range all {
		var err error
		if all[i], err = d.DialContext(t.Context(), "tcp", a.Addr().String()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = all[i].Close() })
	}
	return all
}

// patientHealthListener waits for a request for as long as its client does, so that no place becomes free by itself.
func patientHealthListener(t *testing.T) (a *Admin, url string) {
	t.Helper()
	a, err := NewHealthListener("127.0.0.1:0", NewHealth(), zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	if a.server.ReadTimeout != healthReadTimeout {
		t.Errorf("a connection may be silent for %v", a.server.ReadTimeout)
	}
	a.server.ReadTimeout = 0
	return a, serveAdmin(t, a)
}

// asksHealth reports whether a check of this machine is answered, before it gives up.
func asksHealth(t *testing.T, url string) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(ask)
	if err != nil {
		t.Log(err)
		return false
	}
	return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}

// TestHealthListenerBoundsConnections: connections that send nothing take no more descriptors than that,
// and an end leaves none behind.
func TestHealthListenerBoundsConnections(t *testing.T) {
	t.Parallel()
	a, url := patientHealthListener(t)
	var silent []net.Conn
	for i := range healthConnections / healthConnectionsOfOne {
		silent = append(silent, silentConnections(t, a, fmt.Sprintf("127.0.0.%d", 2+i), healthConnectionsOfOne)...)
	}
	b := a.listener.(*bounded)
	await.True(t, "all connections to be taken", func() bool { return len(b.free) >= healthConnections })
	if err := silent[0].Close(); err != nil {
		t.Fatal(err)
	}
	if !asksHealth(t, url) { // in the place that is free now
		t.Error("no answer")
	}
}

// TestOneHostDoesNotFillTheHealthListener: a host that opens all that the listener has keeps no balancer from its answer.
func TestOneHostDoesNotFillTheHealthListener(t *testing.T) {
	t.Parallel()
	a, url := patientHealthListener(t)
	silent := silentConnections(t, a, "127.0.0.2", 2*healthConnections)
	if !asksHealth(t, url) {
		t.Fatal("a host that sends nothing has all places")
	}
	// All of the host's were accepted before the check was. What is over was closed, and the rest stays.
	b := a.listener.(*bounded)
	b.mu.Lock()
	open := b.open[netip.MustParsePrefix("127.0.0.2/32")]
	b.mu.Unlock()
	if open != healthConnectionsOfOne {
		t.Errorf("%d connections of one host", open)
	}
	// They leave as they came: the next of that host is taken.
	for _, c := range silent {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	await.True(t, "the places to be free", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return len(b.open) == 0
	})
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
