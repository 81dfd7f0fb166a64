package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/schema"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/ports"
)

// TestTable: a check is named once, its trouble is a warning or a failure, and its advice is in both languages.
func TestTable(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range checks() {
		if seen[c.name] || c.worst != Warn && c.worst != Fail || c.advice.EN == "" || c.advice.ZH == "" || c.look == nil {
			t.Errorf("%+v", c)
		}
		seen[c.name] = true
	}
}

// TestSound: in a sound house nothing fails, and what cannot be looked at is said to be skipped.
func TestSound(t *testing.T) {
	h := newHouse(t)
	r := h.examine()
	for _, name := range []string{"configuration", "files", "modes", "keys", "calendar", "exposure", "addresses", "port_range", "proxy", "local_store"} {
		wantIn(t, r, name, Pass)
	}
	for _, name := range []string{"master_key", "disk_space", "postgres", "front", "readiness"} {
		wantIn(t, r, name, Skip)
	}
	if r.Counts()[Fail] != 0 {
		t.Error(lines(r))
	}
	if _, err := os.Stat(h.path("tradefront.db")); err == nil {
		t.Error("looking made the local store")
	}
}

// TestFaults breaks one thing of a sound house each, and finds it under the name of its check.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name, check string
		status      Status
		key         string
		spoil       func(h *house)
	}{
		{"an unknown key", "configuration", Fail, "nosuch", func(h *house) { h.firm += "nosuch: 1\n" }},
		{"a variable of Kubernetes", "configuration", Warn, "", func(h *house) { h.environ = []string{"TRADEFRONT_PORT=tcp://10.0.0.1:1"} }},
		{"no key file", "files", Fail, "keys[0].public_key_file", func(h *house) { h.remove("keys/1.0.pem") }},
		{"a public master key", "files", Fail, "auth.master_key_file", func(h *house) { h.mode("master.key", 0o644) }},
		{"a calendar of nonsense", "files", Fail, "calendar_file", func(h *house) { h.write("calendar.yaml", "nonsense: 1\n") }},
		{"a public audit log", "modes", Warn, "audit_log", func(h *house) { h.write("audit.jsonl", ""); h.mode("audit.jsonl", 0o644) }},
		{"a folder for all", "modes", Warn, "store.path", func(h *house) { h.mode(".", 0o777) }},
		{"no valid key", "keys", Fail, "", func(h *house) { h.replace("keys/1.0.pem\"", "keys/1.0.pem\"\n    not_after: \"2026-03-01\"") }},
		{"a key that ends", "keys", Warn, "", func(h *house) { h.replace("keys/1.0.pem\"", "keys/1.0.pem\"\n    not_after: \"2026-03-20\"") }},
		{"the end of the calendar", "calendar", Warn, "calendar_file", func(h *house) { h.now = time.Date(2031, 1, 2, 2, 0, 0, 0, time.UTC) }},
		{"an admin page for all", "exposure", Warn, "admin.address", func(h *house) { h.environ = []string{"TRADEFRONT_ADMIN_ADDRESS=0.0.0.0:0"} }},
		{"a taken port", "addresses", Fail, "front.listeners[0].address", func(h *house) { h.taken() }},
		{"a port of outgoing connections", "port_range", Warn, "front.listeners[0].address", func(h *house) { h.replace("127.0.0.1:0", "127.0.0.1:"+outgoing(h.t)) }},
		{"no page for balancers", "proxy", Warn, "admin.health_address", func(h *house) { h.behindProxy("10.1.2.0/24") }},
		{"a damaged store", "local_store", Fail, "store.path", func(h *house) { h.write("tradefront.db", strings.Repeat("no database ", 1000)) }},
		{"another master key", "master_key", Fail, "auth.master_key_file", func(h *house) { h.withLocalStore(0); h.anotherMasterKey() }},
		{"a full disk", "disk_space", Fail, "", func(h *house) { h.withLocalStore(5); h.firm += "store:\n  min_free: 1125899906842624\n" }},
		{"one disk", "audit_disk", Warn, "audit_log", func(*house) {}},
		{"too many connections", "open_files", Fail, "limits.connections", func(h *house) { h.firm += "limits:\n  connections: 10000000\n" }},
		{"a front that does not answer", "front", Fail, "admin.address", func(h *house) { h.front = "127.0.0.1:1" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			c.spoil(h)
			if found := h.want(c.check, c.status); c.key != "" && found.Key != c.key {
				t.Errorf("key %q, want %q: %+v", found.Key, c.key, found)
			}
		})
	}
}

func (h *house) remove(name string) {
	h.t.Helper()
	if err := os.Remove(h.path(name)); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) mode(name string, mode os.FileMode) {
	h.t.Helper()
	if err := os.Chmod(h.path(name), mode); err != nil {
		h.t.Fatal(err)
	}
}

// taken makes another process of the front's port: this one.
func (h *house) taken() {
	h.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = l.Close() })
	h.replace("127.0.0.1:0", l.Addr().String())
}

// outgoing is a port out of the range that the system gives to outgoing connections.
func outgoing(t *testing.T) string {
	t.Helper()
	span, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		t.Skip("this system does not tell its range: ", err)
	}
	return strings.Fields(string(span))[1]
}

// TestLocalStore: a store with AppIDs and records passes the checks that an empty house skips.
func TestLocalStore(t *testing.T) {
	h := newHouse(t)
	h.withLocalStore(5)
	r := h.examine()
	for _, name := range []string{"local_store", "master_key", "disk_space"} {
		wantIn(t, r, name, Pass)
	}
	if f := wantIn(t, r, "master_key", Pass); !strings.Contains(f.Detail.EN, "(1)") {
		t.Errorf("%+v", f)
	}
	d, err := diskOf(h.path("tradefront.db"))
	if err != nil {
		t.Fatal(err)
	}
	h.firm += fmt.Sprintf("store:\n  min_free: %d\n", d.free/2)
	h.want("disk_space", Warn)
}

// TestDiskBelowItsBound: no record of a day is needed to say that the disk has too little room for any login.
func TestDiskBelowItsBound(t *testing.T) {
	h := newHouse(t)
	h.want("disk_space", Skip)
	h.firm += "store:\n  min_free: 1125899906842624\n"
	if f := h.want("disk_space", Fail); !strings.Contains(f.Detail.EN, "store.min_free") {
		t.Errorf("%+v", f)
	}
}

func TestAuditLogOnAnotherDisk(t *testing.T) {
	h := newHouse(t)
	own, err := diskOf(h.path("tradefront.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"/dev/shm", "/var/tmp", "/tmp"} {
		other, err := os.MkdirTemp(folder, "audit")
		if err != nil {
			continue
		}
		defer os.RemoveAll(other)
		if d, err := diskOf(other + "/audit.jsonl"); err == nil && d.id != own.id {
			h.firm += "audit_log: " + other + "/audit.jsonl\n"
			h.want("audit_disk", Pass)
			return
		}
	}
	t.Skip("no second file system here")
}

// TestRunningFront: beside a front its addresses are its own, and its store is left alone.
func TestRunningFront(t *testing.T) {
	h := newHouse(t)
	h.withLocalStore(0)
	h.taken()
	sole, err := assemble.SoleFront(h.path("tradefront.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer sole.Close()
	r := h.examine()
	wantIn(t, r, "addresses", Pass) // this process is the front, and has the port
	wantIn(t, r, "local_store", Skip)
	wantIn(t, r, "master_key", Pass)
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		t.Fatal(err)
	}
	enough := Pass
	if files.Cur < fewFiles { // of this machine, and so of this process
		enough = Warn
	}
	wantIn(t, r, "open_files", enough)
	wantIn(t, r, "front", Fail) // it has no admin listener
	h.replace(`admin:`, "x:")
	h.firm = strings.Replace(firm, "127.0.0.1:0", ports.Address(t), 1)
	h.want("addresses", Warn) // the address was changed after the start
	h.remove("tradefront.db")
	h.want("local_store", Fail)
}

// TestOtherSchema: a local store of another version is not opened, whether a front runs on it or not, since opening would migrate it.
func TestOtherSchema(t *testing.T) {
	h := newHouse(t)
	latest, err := schema.Latest("local")
	if err != nil {
		t.Fatal(err)
	}
	if err := storetest.MigrateLocalTo(t.Context(), h.path("tradefront.db"), latest-1); err != nil {
		t.Fatal(err)
	}
	look := func(says string) {
		t.Helper()
		r := h.examine()
		for _, check := range []string{"master_key", "disk_space"} {
			if f := wantIn(t, r, check, Skip); !strings.Contains(f.Detail.EN, says) {
				t.Errorf("%+v, want %q", f, says)
			}
		}
		if err := localfile.SameSchema(t.Context(), h.path("tradefront.db")); !errors.Is(err, store.ErrSchema) {
			t.Errorf("the store was migrated: %v", err)
		}
	}
	look("the schema of an older version")
	sole, err := assemble.SoleFront(h.path("tradefront.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer sole.Close()
	look("the schema of the running front's version")
}

// TestFrontOfAnother: a front that answers although none runs on the store is another's.
func TestFrontOfAnother(t *testing.T) {
	h := newHouse(t)
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"front_id":9,"state":"serving","reasons":[{"name":"keys","ready":false,"severity":"required","reason":"the front is starting"}]}`)
	}))
	defer stranger.Close()
	h.replace("admin:\n  address: \"127.0.0.1:0\"", "admin:\n  address: \""+stranger.Listener.Addr().String()+"\"")
	r := h.examine()
	wantIn(t, r, "front", Warn)
	wantIn(t, r, "addresses", Fail) // it has the port
	h.front = stranger.Listener.Addr().String()
	r = h.examine()
	wantIn(t, r, "front", Pass)
	if f := wantIn(t, r, "readiness", Fail); f.Detail.EN != "keys: the front is starting" {
		t.Errorf("%+v", f)
	}
}

// TestHanging: a check that does not come back is skip, and holds up no other.
func TestHanging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		quick := func(_ context.Context, _ *Site, f *findings) { f.pass("quick", "快") }
		r := run(t.Context(), &Site{}, []check{
			{"hangs", Fail, machine, func(context.Context, *Site, *findings) { <-release }, say("a", "b")},
			{"quick", Fail, machine, quick, say("a", "b")},
			{"obeys", Fail, machine, func(ctx context.Context, _ *Site, f *findings) { <-ctx.Done(); f.skip("late", "晚") }, say("a", "b")},
			{"blind", Fail, machine, func(context.Context, *Site, *findings) {}, say("a", "b")},
			{"needs", Fail, configuration, quick, say("a", "b")},
		}, time.Minute)
		for name, want := range map[string]Status{"hangs": Skip, "quick": Pass, "obeys": Skip, "blind": Skip, "needs": Skip} {
			wantIn(t, &r, name, want)
		}
	})
}

// TestShown: a report in both languages, for people and for machines.
func TestShown(t *testing.T) {
	r := &Report{Findings: []Finding{
		{"keys", Fail, "keys", say("no key", "没有密钥"), say("add one", "加一个")},
		{"ntp", Pass, "", say("synchronized", "已同步"), Text{}},
	}}
	for language, want := range map[string]string{
		"en":      "FAIL  keys  keys: no key\n            next: add one\npass  ntp   synchronized\n1 fail, 0 warn, 0 not checked, 1 pass\n",
		"zh":      "失败  keys  keys: 没有密钥\n            下一步：加一个\n通过  ntp   已同步\n失败 1 项，警告 0 项，未检查 0 项，通过 1 项\n",
		"another": "FAIL  keys  keys: no key\n            next: add one\npass  ntp   synchronized\n1 fail, 0 warn, 0 not checked, 1 pass\n",
	} {
		var text strings.Builder
		r.In(language).Text(&text)
		if text.String() != want {
			t.Errorf("%s:\n%s\nwant\n%s", language, text.String(), want)
		}
	}
	data, err := json.Marshal(r.In("zh"))
	const want = `{"verdict":"fail","summary":"失败 1 项，警告 0 项，未检查 0 项，通过 1 项","counts":{"fail":1,"pass":1,"skip":0,"warn":0},` +
		`"findings":[{"check":"keys","status":"fail","key":"keys","detail":"没有密钥","next":"加一个"},{"check":"ntp","status":"pass","detail":"已同步"}]}`
	if err != nil || string(data) != want {
		t.Errorf("%s, %v", data, err)
	}
}
