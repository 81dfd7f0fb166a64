package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/test/child"
)

// fakeSystemd is what the package's scripts call: it notes each call, makes the folders, and enables a unit as systemd does.
const fakeSystemd = `#!/bin/sh
set -e
echo "${0##*/} $*" >>"$DPKG_ROOT/calls"
wants=$DPKG_ROOT/etc/systemd/system/multi-user.target.wants
case "${0##*/} $1" in
"systemd-tmpfiles --create") mkdir -p "$DPKG_ROOT/etc/tradefront" "$DPKG_ROOT/var/lib/tradefront" "$DPKG_ROOT/var/log/tradefront" ;;
"systemctl enable") mkdir -p "$wants" && ln -sf "$DPKG_ROOT/usr/lib/systemd/system/$2" "$wants/$2" ;;
esac
`

// machine is a folder in which the package's scripts run.
type machine struct {
	t    *testing.T
	root string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t, t.TempDir()}
	for _, folder := range []string{"bin", "run/systemd/system", "etc/systemd/system/multi-user.target.wants", "usr/lib/systemd/system"} {
		if err := os.MkdirAll(filepath.Join(m.root, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"systemctl", "systemd-tmpfiles", "systemd-sysusers", "systemd-sysctl"} {
		if err := child.WriteProgram(filepath.Join(m.root, "bin", name), []byte(fakeSystemd)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// runs a script as dpkg or rpm does, and returns what it prints and which calls it made.
func (m *machine) runs(script string, args ...string) (said, calls string) {
	m.t.Helper()
	c := exec.Command("/bin/sh", append([]string{"package/" + script}, args...)...)
	c.Env = []string{"PATH=" + filepath.Join(m.root, "bin") + ":/usr/bin:/bin", "DPKG_ROOT=" + m.root}
	out, err := c.CombinedOutput()
	if err != nil {
		m.t.Fatalf("%s %v: %v\n%s", script, args, err, out)
	}
	noted, _ := os.ReadFile(filepath.Join(m.root, "calls")) // none may have been made
	_ = os.Remove(filepath.Join(m.root, "calls"))
	return string(out), string(noted)
}

// enable is an operator's.
func (m *machine) enable(unit string) {
	m.t.Helper()
	if err := os.Symlink("/nowhere/"+unit, filepath.Join(m.root, "etc/systemd/system/multi-user.target.wants", unit)); err != nil {
		m.t.Fatal(err)
	}
}

// enabled are the units that the next boot starts.
func (m *machine) enabled() string {
	m.t.Helper()
	links, err := filepath.Glob(filepath.Join(m.root, "etc/systemd/system/*.wants/*"))
	if err != nil {
		m.t.Fatal(err)
	}
	for i := range links {
		links[i] = filepath.Base(links[i])
	}
	return strings.Join(links, " ")
}

func (m *machine) want(enabled, when string) {
	m.t.Helper()
	if got := m.enabled(); got != enabled {
		m.t.Errorf("%s these are enabled: %q, want %q", when, got, enabled)
	}
}

// TestRemovalKeepsWhatIsEnabled: fronts of a host that were enabled are enabled after dpkg removed the package and installed it again, and
// only a purge, or a removal by rpm, takes the links of systemd.
func TestRemovalKeepsWhatIsEnabled(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	if said, _ := m.runs("postinstall.sh", "configure", ""); !strings.Contains(said, "The next boot starts: tradefront.service\n") {
		t.Error(said)
	}
	m.enable("tradefront@1.service")
	m.enable("another.service")
	const all = "another.service tradefront.service tradefront@1.service"

	if _, calls := m.runs("preremove.sh", "remove"); !strings.Contains(calls, "systemctl stop tradefront.service tradefront@*.service ") {
		t.Errorf("the removal stops no front: %s", calls)
	}
	m.runs("postremove.sh", "remove")
	m.want(all, "after the removal")
	said, calls := m.runs("postinstall.sh", "configure", "0.9.0")
	m.want(all, "installed again")
	if strings.Contains(calls, "start") || !strings.Contains(said, "The next boot starts: tradefront.service tradefront@1.service") {
		t.Errorf("%s\n%s", calls, said)
	}
	if said, _ := m.runs("postinstall.sh", "abort-remove"); strings.Contains(said, "upgraded") || !strings.Contains(said, "systemctl start") {
		t.Errorf("a removal that was given up: %s", said)
	}

	m.runs("preremove.sh", "upgrade", "0.9.1")
	m.runs("postremove.sh", "upgrade", "0.9.1")
	m.want(all, "after an upgrade")
	m.runs("postremove.sh", "purge")
	m.want("another.service", "after the purge")

	m.enable("tradefront@2.service")
	m.runs("postremove.sh", "1") // rpm: one of us is left
	m.want("another.service tradefront@2.service", "after rpm's upgrade")
	m.runs("postremove.sh", "0")
	m.want("another.service", "after rpm's removal")
}

// TestFirstInstallationTellsTheSteps: each in the order in which it works. masterkey create is root's and leaves the file to root: the front's
// user could not read it without the chown; and config check --deep refuses a database without tables.
func TestFirstInstallationTellsTheSteps(t *testing.T) {
	t.Parallel()
	said, _ := newMachine(t).runs("postinstall.sh", "configure", "")
	for _, step := range []string{
		"fill /etc/tradefront/tradefront.yaml", "\n    tradefront masterkey create && chown tradefront:tradefront /etc/tradefront/master.key\n",
		"docs/operations.md, Install", "config check --deep", "systemctl start tradefront\n",
	} {
		_, after, found := strings.Cut(said, step)
		if !found {
			t.Fatalf("%q is missing, or comes before another step: %s", step, said)
		}
		said = after
	}
}

// TestInstallNamesThePageOfItsSteps: a page that install.sh sends its reader to is about install.sh.
func TestInstallNamesThePageOfItsSteps(t *testing.T) {
	t.Parallel()
	pages := regexp.MustCompile(`docs/[\w.-]+\.md`).FindAllString(read(t, "release/install.sh"), -1)
	if len(pages) < 4 {
		t.Errorf("%q", pages)
	}
	for _, page := range pages {
		if !strings.Contains(read(t, "../"+page), "install.sh") {
			t.Errorf("%s has nothing of install.sh", page)
		}
	}
}

// TestInstallationEnablesOneFront: tradefront.service, unless the operator has enabled another of the package's services.
func TestInstallationEnablesOneFront(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	_, calls := m.runs("postinstall.sh", "1") // rpm
	m.want("tradefront.service", "after the first installation")
	if !strings.Contains(calls, "systemd-sysctl --prefix=/net/ipv4/ip_local_reserved_ports\n") {
		t.Errorf("the reserved ports wait for the next boot: %s", calls)
	}
	relay := newMachine(t)
	relay.enable("tradefront-relay.service")
	relay.runs("postinstall.sh", "configure", "")
	relay.want("tradefront-relay.service", "on a relay agent's machine")
}

// TestRelayAgentsMayPassTheFolder: the package, the units and the page give /etc/tradefront one mode, by which the agent's user passes through it.
func TestRelayAgentsMayPassTheFolder(t *testing.T) {
	t.Parallel()
	modes := map[string]string{
		"package/tradefront.tmpfiles":  `(?m)^d /etc/tradefront +(\d+) root +tradefront `,
		"tradefront.service":           `(?m)^ConfigurationDirectoryMode=(\d+)$`,
		"tradefront@.service":          `(?m)^ConfigurationDirectoryMode=(\d+)$`,
		"tradefront-relay.service":     `(?m)^ConfigurationDirectoryMode=(\d+)$`,
		"tradefront-report.service":    `(?m)^ConfigurationDirectoryMode=(\d+)$`,
		"../docs/operations.md":        `(?m)^    install -d -o root .*-m (\d+) /etc/tradefront(?: |$)`,
		"../docs/operations.zh-CN.md":  `(?m)^    install -d -o root .*-m (\d+) /etc/tradefront(?: |$)`,
		"../test/packages/deb_test.go": `etc/tradefront root:tradefront (\d+)`,
	}
	for path, pattern := range modes {
		found := regexp.MustCompile(pattern).FindAllStringSubmatch(read(t, path), -1)
		if len(found) == 0 {
			t.Errorf("%s gives /etc/tradefront no mode", path)
		}
		for _, m := range found {
			if strings.TrimPrefix(m[1], "0") != "751" {
				t.Errorf("%s: %s, want 751: a relay agent's user is not of the folder's group", path, m[0])
			}
		}
	}
}

// TestScriptsKnowOldSystemd: scripts use no option that systemd 239 lacks, the least version that the packages name.
func TestScriptsKnowOldSystemd(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"logrotate/tradefront", "logrotate/tradefront-relay", "package/postinstall.sh", "package/preremove.sh", "package/postremove.sh",
		"release/install.sh",
	} {
		for line := range strings.Lines(read(t, path)) {
			if !strings.HasPrefix(strings.TrimSpace(line), "#") && strings.Contains(line, "--kill-whom") {
				t.Errorf("%s: %q is of systemd 252", path, line)
			}
		}
	}
	if got := strings.Count(read(t, "package/nfpm.yaml"), ">= 239"); got != 2 {
		t.Errorf("%d packages of 2 name the least systemd", got)
	}
	systemctl, err := exec.LookPath("systemctl")
	if err != nil {
		return // the texts were looked at
	}
	if out, err := exec.Command(systemctl, "--kill-who=main", "--version").CombinedOutput(); err != nil {
		t.Errorf("this systemd does not know --kill-who: %s", out)
	}
}
