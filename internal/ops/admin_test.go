package ops

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/zap"
)

// watch runs an admin listener for the test and gives its URL.
func watch(t *testing.T, m *Metrics, h *Health, pprof bool) string {
	t.Helper()
	a, err := NewAdmin("127.0.0.1:0", m.Registry(), h, pprof, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	return serveAdmin(t, a)
}

func serveAdmin(t *testing.T, a *Admin) (url string) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- a.Serve() }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(a.Shutdown(ctx), <-ended); err != nil {
			t.Error(err)
		}
	})
	return "http://" + a.Addr().String()
}

func request(t *testing.T, method, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(all)
}

// TestHomeTakesThePlaceOfTheList, and of nothing else.
func TestHomeTakesThePlaceOfTheList(t *testing.T) {
	a, err := NewAdmin("127.0.0.1:0", NewMetrics("v1", "c1").Registry(), NewHealth(), false, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	a.Home(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "home") }))
	url := serveAdmin(t, a)
	for _, c := range []struct {
		method, path string
		status       int
		body         string
	}{{"GET", "/", 200, "home"}, {"POST", "/", 405, ""}, {"GET", "/nothing", 404, ""}, {"GET", "/healthz", 200, "ok\n"}} {
		if status, body := request(t, c.method, url+c.path); status != c.status || c.body != "" && body != c.body {
			t.Errorf("%s %s: %d %q", c.method, c.path, status, body)
		}
	}
}

func TestAdminPages(t *testing.T) {
	url := watch(t, NewMetrics("v1", "c1"), NewHealth(), false)
	for _, c := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/", 200, "/readyz"},
		{"GET", "/healthz", 200, "ok\n"},
		{"HEAD", "/healthz", 200, ""},
		{"GET", "/readyz", 200, `{"ready":true,"reasons":[]}`},
		{"GET", "/metrics", 200, "tradefront_connections 0\n"},
		{"GET", "/nothing", 404, ""},
		{"GET", "/debug/pprof/", 404, ""},
		{"POST", "/metrics", 405, ""},
		{"DELETE", "/healthz", 405, ""},
	} {
		status, body := request(t, c.method, url+c.path)
		if status != c.status || !strings.Contains(body, c.body) {
			t.Errorf("%s %s: %d %.200q, want %d with %q", c.method, c.path, status, body, c.status, c.body)
		}
	}
}

func TestAdminProfiles(t *testing.T) {
	url := watch(t, NewMetrics("", ""), NewHealth(), true)
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/goroutine?debug=1", "/debug/pprof/cmdline"} {
		if status, _ := request(t, "GET", url+path); status != 200 {
			t.Errorf("%s: %d", path, status)
		}
	}
	if _, body := request(t, "GET", url+"/"); !strings.Contains(body, "/debug/pprof/") {
		t.Errorf("index %q", body)
	}
}

func TestAdminBoundsHeaders(t *testing.T) {
	t.Parallel()
	url := watch(t, NewMetrics("", ""), NewHealth(), false)
	if status, _ := request(t, "GET", url+"/"+strings.Repeat("a", 4*adminHeaderBytes)); status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", status)
	}
}

func TestReadiness(t *testing.T) {
	h := NewHealth()
	url := watch(t, NewMetrics("", ""), h, false)
	look := func(status int, want Report) {
		t.Helper()
		got, body := request(t, "GET", url+"/readyz")
		var report Report
		if err := json.Unmarshal([]byte(body), &report); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, report); got != status || diff != "" {
			t.Errorf("status %d, want %d %s", got, status, diff)
		}
	}
	h.Register("keys", Required, func() (bool, string) { return false, "no key is valid" })
	h.Register("calendar", Warning, func() (bool, string) { return false, "ends in 20 days" })
	h.Register("store", Required, func() (bool, string) { return true, "" })
	calendar := Reason{"calendar", false, Warning, "ends in 20 days"}
	store := Reason{"store", true, Required, ""}
	look(503, Report{false, []Reason{{"keys", false, Required, "no key is valid"}, calendar, store}})

	// A check of that name again replaces it; a warning alone does not keep terminals away.
	h.Register("keys", Required, func() (bool, string) { return true, "2 keys" })
	look(200, Report{true, []Reason{{"keys", true, Required, "2 keys"}, calendar, store}})
}

func TestAdminPortInUse(t *testing.T) {
	registry := NewMetrics("", "").Registry()
	first, err := NewAdmin("127.0.0.1:0", registry, NewHealth(), false, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewAdmin(first.Addr().String(), registry, NewHealth(), false, zap.NewNop()); err == nil {
		t.Error("a port in use is no error")
	}
	// Never served: Shutdown frees the port all the same, and Serve afterwards returns.
	if err := errors.Join(first.Shutdown(t.Context()), first.Serve()); err != nil {
		t.Error(err)
	}
	again, err := NewAdmin(first.Addr().String(), registry, NewHealth(), false, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// Each event is one line of the scrape, and presets are there before anything happened.
func TestMetrics(t *testing.T) {
	m := NewMetrics("v1.2.3", "abc")
	m.Preset(Labels{
		Refused: []string{"cap"}, Closed: []string{"idle"}, Authentications: []string{"ok"}, Logins: []string{"ok"}, Stages: []string{"verify", "total"},
		Malformed: []string{"length"}, Discarded: []string{"compressed"}, Forward: []string{"copy", "upsert"},
	})
	days := map[string]float64{"1.0": 30}
	one := func() float64 { return 1 }
	m.Register(
		NewGauge("pending_rows", "", one), NewCounter("log_lines_lost_total", "", one),
		NewGaugeBy("key_days", "", "version", func() map[string]float64 { return days }),
	)
	url := watch(t, m, NewHealth(), false)

	has := func(want ...string) {
		t.Helper()
		_, body := request(t, "GET", url+"/metrics")
		for _, w := range want {
			if !strings.Contains(body, "\ntradefront_"+w+"\n") {
				t.Errorf("no line %s", w)
			}
		}
		if t.Failed() {
			t.Log(body)
		}
	}
	has(`connections_refused_total{reason="cap"} 0`, `connections_closed_total{reason="idle"} 0`,
		`authentications_total{reason="ok"} 0`, `logins_total{reason="ok"} 0`, `malformed_total{fault="length"} 0`,
		`frames_discarded_total{type="compressed"} 0`, `forward_rows_total{how="upsert"} 0`, `forward_batches_total{result="error"} 0`,
		`login_flags_total{flag="key_version_abnormal"} 0`, `login_stage_seconds_count{stage="verify"} 0`,
		`pending_rows 1`, `log_lines_lost_total 1`, `key_days{version="1.0"} 30`)

	m.ConnectionOpened()
	m.ConnectionOpened()
	m.ConnectionClosed("idle")
	m.ConnectionRefused("cap")
	m.Authenticated("ok")
	m.LoggedIn("ok")
	m.Flagged("normal", false)
	m.Stage("total", 60*time.Microsecond)
	m.Malformed("length")
	m.Discarded("compressed")
	m.AuditWritten(3)
	m.AuditFailed(2, io.ErrShortWrite)
	m.AuditFailed(0, io.ErrShortWrite)
	m.LocalCommit(25, time.Millisecond, nil)
	m.LocalCommit(1, time.Second, io.ErrShortWrite)
	m.Forwarded(500, "copy", time.Millisecond, nil)
	m.Forwarded(7, "upsert", time.Millisecond, io.ErrShortWrite)
	m.Quarantined(uuid.Nil, io.ErrShortWrite)
	delete(days, "1.0") // as a reload does, between scrapes
	days["2.0"] = 31
	has(`connections 1`, `connections_opened_total 2`, `connections_closed_total{reason="idle"} 1`,
		`connections_refused_total{reason="cap"} 1`, `authentications_total{reason="ok"} 1`, `logins_total{reason="ok"} 1`,
		`login_flags_total{flag="normal"} 1`, `malformed_total{fault="length"} 1`, `frames_discarded_total{type="compressed"} 1`,
		`login_stage_seconds_bucket{stage="total",le="5e-05"} 0`, `login_stage_seconds_bucket{stage="total",le="0.0001"} 1`,
		`audit_entries_total 3`, `audit_errors_total 3`, `local_commit_seconds_count 2`, `local_commit_rows_sum 26`,
		`local_commit_errors_total 1`, `forward_rows_total{how="copy"} 500`, `forward_rows_total{how="upsert"} 0`,
		`forward_batches_total{result="ok"} 1`, `forward_batches_total{result="error"} 1`, `forward_seconds_count 2`,
		`quarantined_total 1`, `key_days{version="2.0"} 31`)
	if _, body := request(t, "GET", url+"/metrics"); !strings.Contains(body, `tradefront_build_info{commit="abc",goversion="go`) || !strings.Contains(body, "\ngo_goroutines ") || !strings.Contains(body, "\nprocess_open_fds ") {
		t.Error("build_info, Go or process metrics are missing")
	}
}

// TestIdleConnectionsGiveTheirPlace: a client of the admin listener keeps no other out by connections on which it asks no more.
func TestIdleConnectionsGiveTheirPlace(t *testing.T) {
	t.Parallel()
	a, err := NewAdmin("127.0.0.1:0", NewMetrics("", "").Registry(), NewHealth(), false, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	serveAdmin(t, a)
	for range 2 * adminConnections {
		c, err := net.Dial("tcp", a.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%v, %v", answer, err)
		}
		if err := answer.Body.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestOneHostDoesNotFillTheAdminListener: another machine has a part of its places, this one all.
func TestOneHostDoesNotFillTheAdminListener(t *testing.T) {
	t.Parallel()
	a, err := NewAdmin("127.0.0.1:0", NewMetrics("", "").Registry(), NewHealth(), false, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	b := a.listener.(*bounded)
	for from, want := range map[netip.Prefix]int{
		netip.MustParsePrefix("192.0.2.1/32"): adminConnectionsOfOne, netip.MustParsePrefix("2001:db8::/64"): adminConnectionsOfOne, {}: 1000,
	} {
		got := 0
		for range 1000 {
			if b.enter(from) {
				got++
			}
		}
		if got != want {
			t.Errorf("%s has %d places, want %d", from, got, want)
		}
	}
}
