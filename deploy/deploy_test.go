// Package deploy checks that what is installed beside the binary fits it.
package deploy

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/config"
)

// TestUnit: the settings that keep a front safe, and its evidence.
func TestUnit(t *testing.T) {
	unit := settings(t, "tradefront.service")
	for key, want := range map[string]string{
		"Type": "notify", "NotifyAccess": "main", "WatchdogSec": "60s", "Restart": "always", "KillSignal": "SIGTERM", "LimitCORE": "0",
		"User": "tradefront", "StateDirectory": "tradefront", "LogsDirectory": "tradefront",
		"NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
		"PrivateDevices": "yes", "MemoryDenyWriteExecute": "yes", "CapabilityBoundingSet": "",
		"RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX", "LimitNOFILE": "65536",
		"ExecReload": "/usr/local/bin/tradefront front reload --pid $MAINPID --config /etc/tradefront/tradefront.yaml",
		"ExecStart":  "/usr/local/bin/tradefront serve --config /etc/tradefront/tradefront.yaml",
		// Without it systemd kills a front that took over in a live upgrade at once; make packages-test stops one.
		"ExecStop": `/bin/sh -c 'if [ -n "$$MAINPID" ] && kill -TERM "$$MAINPID"; then exec tail -s 0.1 -f --pid="$$MAINPID" /dev/null; fi'`,
	} {
		if got, ok := unit[key]; !ok || got != want {
			t.Errorf("%s is %q (there: %t), want %q", key, got, ok, want)
		}
	}
	for _, path := range []string{"tradefront.service", "tradefront@.service", "tradefront-relay.service"} {
		if status, ok := settings(t, path)["RestartPreventExitStatus"]; ok {
			t.Errorf("%s is not started again after status %s: a panic and the watchdog's SIGABRT end a program of Go with 2", path, status)
		}
	}
	if relay := settings(t, "tradefront-relay.service")["RestrictAddressFamilies"]; relay != "AF_INET AF_INET6 AF_UNIX AF_NETLINK" {
		t.Errorf("the relay agent's RestrictAddressFamilies is %q: with upstream.key_file it reads its machine's addresses by netlink", relay)
	}
	if _, ok := unit["ProcSubset"]; ok {
		t.Error("ProcSubset hides somaxconn, and the accept queue falls to 128")
	}
	if !strings.Contains(read(t, "tradefront.service"), "\n#LoadCredential=master.key:") {
		t.Error("the unit does not show how to hand over the master key as a credential")
	}
}

// TestUnitBySystemd asks systemd itself, where it is installed: the unit is understood, and
// its exposure is low (1.4 with systemd 252, and 1.2 once it is loaded, which make packages-test prints; what is left is the network, which a
// front is for).
func TestUnitBySystemd(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	unit := filepath.Join(t.TempDir(), "tradefront.service")
	// With the credentials on, and a program that is there.
	text := strings.NewReplacer("\n#LoadCredential", "\nLoadCredential", "/usr/local/bin/tradefront", "/bin/true").
		Replace(read(t, "tradefront.service"))
	if strings.Count(text, "\nLoadCredential") != 3 {
		t.Error("the unit does not show how to hand over credentials")
	}
	if err := os.WriteFile(unit, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"verify", "--man=no", unit}, {"security", "--offline=true", "--threshold=15", unit}} {
		out, err := exec.Command(analyze, args...).CombinedOutput()
		if said := string(out); err != nil || strings.Contains(said, unit+":") {
			t.Errorf("systemd-analyze %v: %v\n%s", args, err, said)
		}
	}
}

// TestUnitLetsDrainFinish: systemd kills later than the longest orderly stop takes.
func TestUnitLetsDrainFinish(t *testing.T) {
	stop, err := time.ParseDuration(settings(t, "tradefront.service")["TimeoutStopSec"])
	if err != nil {
		t.Fatal(err)
	}
	const rest = 15 * time.Second // event loops, handing on to PostgreSQL, the stores
	if want := config.Default().Timers.Drain + rest; stop < want {
		t.Errorf("TimeoutStopSec is %v, an orderly stop may take %v", stop, want)
	}
}

// settings of a unit file; the values of a repeated one are joined by spaces.
func settings(t *testing.T, path string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	for line := range strings.Lines(read(t, path)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(key, "#") {
			continue
		}
		found[key] = strings.TrimSpace(found[key] + " " + value)
	}
	return found
}

// TestScrapeReachesTheAdminListener holds the sample to the default port.
func TestScrapeReachesTheAdminListener(t *testing.T) {
	port := fmt.Sprint(config.Default().Admin.Address.Port)
	if scrape := read(t, "prometheus/scrape.yml"); !strings.Contains(scrape, `"127.0.0.1:`+port+`"`) {
		t.Errorf("the sample does not scrape port %s", port)
	}
}

// rotations are the samples for logrotate, each with the files that it moves away.
var rotations = map[string]string{
	"logrotate/tradefront":       "/var/log/tradefront/audit.jsonl /var/log/tradefront/*/audit.jsonl {",
	"logrotate/tradefront-relay": "/var/log/tradefront-relay/audit.jsonl {",
}

// TestRotationSignals: without the signal the daemon goes on in the file that was moved away.
func TestRotationSignals(t *testing.T) {
	t.Parallel()
	for path, files := range rotations {
		rotation := read(t, path)
		user := filepath.Base(path)
		for _, want := range []string{files, "--signal=HUP", "nocreate", "delaycompress", "su " + user + " " + user + "\n"} {
			if !strings.Contains(rotation, want) {
				t.Errorf("%s lacks %q", path, want)
			}
		}
		if strings.Contains(rotation, "copytruncate") {
			t.Errorf("%s: copytruncate loses entries", path)
		}
		if unit := settings(t, user+".service"); unit["User"] != user || unit["LogsDirectory"] != user {
			t.Errorf("%s.service writes %s as %s", user, unit["LogsDirectory"], unit["User"])
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestRotationKeepsAuditLogs: each sample keeps a file a day for as many years as retention.audit_years has by default.
func TestRotationKeepsAuditLogs(t *testing.T) {
	t.Parallel()
	var years int
	retention, _ := reflect.TypeFor[config.Config]().FieldByName("Retention")
	field, _ := retention.Type.FieldByName("AuditYears")
	if _, err := fmt.Sscan(field.Tag.Get("default"), &years); err != nil {
		t.Fatal(err)
	}
	for path := range rotations {
		var kept int
		for line := range strings.Lines(read(t, path)) {
			if n, is := strings.CutPrefix(strings.TrimSpace(line), "rotate "); is {
				if _, err := fmt.Sscan(n, &kept); err != nil {
					t.Fatal(err)
				}
			}
		}
		if kept < years*366 {
			t.Errorf("%s keeps %d days, %d years have more", path, kept, years)
		}
	}
}

// sysctlShown is a file of /etc/sysctl.d with the lines that a page shows for it.
var sysctlShown = regexp.MustCompile("`/etc/sysctl\\.d/([\\w.-]+)`[^\n]*[:：]\n\n((?:    [^\n]*\n)+)")

// TestPagesKeepShippedSysctl: a file in /etc/sysctl.d hides the package's of the same name, so no page has a reader write other lines into one.
func TestPagesKeepShippedSysctl(t *testing.T) {
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, page := range pages {
		for _, m := range sysctlShown.FindAllStringSubmatch(read(t, page), -1) {
			shown++
			shipped, err := os.ReadFile(filepath.Join("sysctl", m[1]))
			if os.IsNotExist(err) {
				continue
			}
			if lines := strings.ReplaceAll(m[2], "    ", ""); err != nil || lines != string(shipped) {
				t.Errorf("%s has other lines for /etc/sysctl.d/%s than the file that is shipped: %v\n%s", page, m[1], err, lines)
			}
		}
	}
	if shown < 2 {
		t.Errorf("%d files found, want that of operations.md in both languages", shown)
	}
}

// TestReservedPorts: the ports of the samples are kept from outgoing connections.
func TestReservedPorts(t *testing.T) {
	conf := read(t, "sysctl/90-tradefront.conf")
	if !strings.Contains(conf, "\nnet.ipv4.ip_local_reserved_ports = 9464-9465,41205-41210\n") {
		t.Fatal(conf)
	}
	c := config.Default()
	addresses := []string{c.Admin.Address.String(), c.Front.Listeners[0].Address.String()}
	haproxy := read(t, "../configs/haproxy.cfg") + read(t, "../configs/haproxy-relays.cfg")
	addresses = append(addresses, regexp.MustCompile(`10\.0\.0\.11:\d+`).FindAllString(haproxy, -1)...)
	for _, a := range addresses {
		_, port, err := net.SplitHostPort(a)
		if err != nil || !slices.Contains([]string{"9464", "9465", "41205", "41206", "41207", "41208", "41209", "41210"}, port) {
			t.Errorf("%s is not reserved", a)
		}
	}
}

// TestReportTimer: the day's report is made after the window has closed, and a verdict against it fails the unit.
func TestReportTimer(t *testing.T) {
	unit, timer := settings(t, "tradefront-report.service"), settings(t, "tradefront-report.timer")
	for key, want := range map[string]string{
		"Type": "oneshot", "User": "tradefront", "ProtectSystem": "strict", "NoNewPrivileges": "yes",
		"ExecStart": "/usr/local/bin/tradefront report day --config /etc/tradefront/tradefront.yaml --out /var/lib/tradefront/reports",
	} {
		if unit[key] != want {
			t.Errorf("%s is %q, want %q", key, unit[key], want)
		}
	}
	const url = "\n#Environment=TRADEFRONT_STORE_URL_FILE=/etc/tradefront/report-url\n"
	if text := read(t, "tradefront-report.service"); !strings.Contains(text, url) {
		t.Error("the unit does not show how to read the store under tradefront_report: the front's role may not read records")
	}
	if unit["SuccessExitStatus"] != "" {
		t.Error("a verdict against the report must fail the unit: status 1 is no success")
	}
	if !slices.Contains(strings.Fields(unit["StateDirectory"]), "tradefront/reports") {
		t.Errorf("the folder of the reports is not made: StateDirectory is %q", unit["StateDirectory"])
	}
	if got := timer["OnCalendar"]; got != "Mon..Fri *-*-* 15:40:00 Asia/Shanghai" || timer["Persistent"] != "true" {
		t.Errorf("OnCalendar is %q, Persistent %q", got, timer["Persistent"])
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		return // the settings were looked at
	}
	dir := t.TempDir()
	for _, name := range []string{"tradefront-report.service", "tradefront-report.timer"} {
		text := strings.ReplaceAll(read(t, name), "/usr/local/bin/tradefront", "/bin/true")
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(analyze, "verify", "--man=no", filepath.Join(dir, "tradefront-report.timer"), filepath.Join(dir, "tradefront-report.service")).CombinedOutput()
	if said := string(out); err != nil || strings.Contains(said, dir) {
		t.Errorf("systemd-analyze verify: %v\n%s", err, said)
	}
}
