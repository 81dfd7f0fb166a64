package packages

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/testmain"
)

func TestMain(m *testing.M) { os.Exit(testmain.Run(m)) }

// TestPackagesInCleanRoots goes through the life of a package, by dpkg and by rpm.
func TestPackagesInCleanRoots(t *testing.T) {
	needs(t)
	from := build(t)
	t.Run("deb under systemd", func(t *testing.T) { debUnderSystemd(t, from) })
	t.Run("rpm", func(t *testing.T) { rpmInACleanRoot(t, from) })
}

// debUnderSystemd: an installation, an upgrade without a lost session, a rollback, a removal and a purge, in a booted Debian.
func debUnderSystemd(t *testing.T, from string) {
	t.Helper()
	h := booted(t, cleanRoot(t))
	h.releases(from)
	h.sh("/root/v0.9.0/install.sh")
	installed(h)
	h.want("systemctl is-enabled tradefront.service", "enabled")
	h.want("systemctl is-active tradefront.service || true", "inactive")
	for _, line := range strings.Split(h.sh("systemd-analyze security --no-pager tradefront.service tradefront-relay.service tradefront-report.service 2>&1 | grep Overall"), "\n") {
		t.Log(line)
	}

	f := newFirm(h)
	f.admit()
	h.sh("systemctl start tradefront@1")
	h.want("systemctl is-active tradefront@1", "active") // READY=1 has come
	h.want("systemctl show --value -p WatchdogUSec tradefront@1", "1min")
	f.fill(500)
	session := f.login()
	f.counted("before the upgrade", "tradefront")
	f.fed()

	first := h.show("MainPID")
	h.sh("systemctl reload tradefront@1")
	h.want("systemctl show --value -p MainPID tradefront@1", first) // the program is the same: its configuration was taken over
	h.sh("echo '# edited' >>/etc/tradefront/tradefront.yaml")
	h.sh("/root/v0.9.1/install.sh")
	f.version(older) // until the operator says so
	f.handsOver(newer)
	f.alive(session, "after the upgrade")
	f.fill(50)
	f.counted("after the upgrade", "tradefront")
	f.fed() // by the new process
	f.keepsOn(session)
	f.drains()
	f.takesCredential()
	session = f.login()
	f.counted("after the stop", "tradefront")

	if out, err := h.try("/root/v0.9.0/install.sh"); err == nil {
		t.Errorf("an older version is installed without a word: %s", out)
	}
	h.sh("/root/v0.9.0/install.sh --older")
	f.handsOver(older)
	f.alive(session, "after the rollback")
	f.counted("after the rollback", "tradefront")
	h.want("tail -n 1 /etc/tradefront/tradefront.yaml", "# edited")

	f.frozen()
	f.fill(5)
	f.counted("after the watchdog", "tradefront")

	h.sh("cp /usr/bin/tradefront /root/")
	h.sh("systemctl enable tradefront@1")
	h.sh("chmod 0755 /root && dpkg -r tradefront")
	h.want("systemctl is-active tradefront@1 || true", "inactive")
	h.sh("dpkg -i /root/v0.9.1/tradefront_0.9.1-1_amd64.deb")
	h.want("systemctl is-enabled tradefront tradefront@1", "enabled\nenabled")
	h.sh("dpkg -r tradefront")
	h.want("tail -n 1 /etc/tradefront/tradefront.yaml", "# edited")
	f.counted("after the removal", "/root/tradefront")
	h.sh("dpkg -P tradefront")
	h.want("ls /etc/tradefront/tradefront.yaml 2>/dev/null || true", "")
	h.want("find /etc/systemd -name 'tradefront*.service'", "")
	f.counted("after the purge", "/root/tradefront")
}

// installed is what an installation makes, by dpkg and by rpm.
func installed(h *host) {
	h.t.Helper()
	h.want("getent passwd tradefront tradefront-relay | cut -d: -f1,6,7", "tradefront:/var/lib/tradefront:/usr/sbin/nologin\n"+
		"tradefront-relay:/var/lib/tradefront-relay:/usr/sbin/nologin")
	h.want("cd / && stat -c '%n %U:%G %a' etc/tradefront etc/tradefront/keys etc/tradefront/tradefront.yaml etc/tradefront/calendar.yaml "+
		"var/lib/tradefront var/log/tradefront var/lib/tradefront-relay usr/bin/tradefront", `etc/tradefront root:tradefront 751
etc/tradefront/keys root:tradefront 750
etc/tradefront/tradefront.yaml root:tradefront 640
etc/tradefront/calendar.yaml root:tradefront 640
var/lib/tradefront tradefront:tradefront 700
var/log/tradefront tradefront:tradefront 750
var/lib/tradefront-relay tradefront-relay:tradefront-relay 700
usr/bin/tradefront root:root 755`)
	if out := h.sh("tradefront --version"); !strings.Contains(out, older) || strings.Contains(out, "unknown") {
		h.t.Errorf("the program says %q, want %s and its commit", out, older)
	}
	h.sh("logrotate --debug /etc/logrotate.d/tradefront /etc/logrotate.d/tradefront-relay")
	// A relay agent's file, as its page says.
	h.sh("install -o root -g tradefront-relay -m 0640 /etc/hostname /etc/tradefront/relay.yaml && setpriv --reuid=tradefront-relay " +
		"--regid=tradefront-relay --init-groups cat /etc/tradefront/relay.yaml && rm /etc/tradefront/relay.yaml")
}

// handsOver reloads: another process of that version is the unit's, and systemd started none.
func (f *firm) handsOver(to string) {
	f.t.Helper()
	before := f.show("MainPID")
	f.sh("systemctl reload tradefront@1 || { journalctl -u tradefront@1 -n 30 --no-pager; exit 1; }")
	await.Every(f.t, look, "another process to be the unit's", func() bool { return f.show("MainPID") != before })
	f.want("systemctl is-active tradefront@1", "active")
	f.want("systemctl show --value -p NRestarts tradefront@1", "0")
	f.version(to)
}

// keepsOn: a program that cannot start makes the reload fail, and the front serves on.
func (f *firm) keepsOn(session interface{ Done() <-chan struct{} }) {
	f.t.Helper()
	before := f.show("MainPID")
	// It answers `front reload`, and ends at once when it is to serve.
	f.sh("mv /usr/bin/tradefront /root/whole")
	f.put("usr/bin/tradefront", "#!/bin/sh\n[ \"$1\" = serve ] && exit 1\nexec /root/whole \"$@\"\n")
	f.sh("chmod 0755 /usr/bin/tradefront /root /root/whole")
	if out, err := f.try("systemctl reload tradefront@1"); err == nil {
		f.t.Errorf("the reload succeeds: %s", out)
	}
	f.want("systemctl is-active tradefront@1", "active")
	f.want("systemctl show --value -p MainPID tradefront@1", before)
	f.sh("mv /root/whole /usr/bin/tradefront")
	select {
	case <-session.Done():
		f.t.Error("the session has ended")
	default:
	}
	f.fill(1)
}

// drains: systemd ends a front that took over as one that it started, and starts it again.
func (f *firm) drains() {
	f.t.Helper()
	f.want("systemctl show --value -p NRestarts tradefront@1", "0")
	news := func() string { // what the journal has since the last call
		return f.sh("journalctl --sync && journalctl -u tradefront@1 -o cat --cursor-file=/root/cursor")
	}
	news()
	f.sh("systemctl stop tradefront@1")
	said := news()
	if !strings.Contains(said, "stopping: no new logins") || strings.Contains(said, "SIGKILL") || strings.Contains(said, "code=") {
		f.t.Errorf("the front did not drain, or systemd killed it: %s", said)
	}
	f.sh("systemctl start tradefront@1")
}

// takesCredential: the master key is root's file from now on, which systemd shows the front; what follows hands over with it.
func (f *firm) takesCredential() {
	f.t.Helper()
	f.sh("systemctl stop tradefront@1 && install -d /etc/systemd/system/tradefront@.service.d && " +
		"mv /etc/tradefront/master.key /root/ && chown root:root /root/master.key && chmod 0600 /root/master.key && " +
		"sed -i 's#/etc/tradefront/master.key#\"credential:master.key\"#' /etc/tradefront/1.yaml")
	f.put("etc/systemd/system/tradefront@.service.d/credential.conf", "[Service]\nLoadCredential=master.key:/root/master.key\n")
	f.sh("grep -q credential:master.key /etc/tradefront/1.yaml && systemctl daemon-reload && systemctl start tradefront@1")
}

// fed: systemd gets pings.
func (f *firm) fed() {
	f.t.Helper()
	seen := f.show("WatchdogTimestampMonotonic")
	await.Every(f.t, look, "a ping of the watchdog", func() bool { return f.show("WatchdogTimestampMonotonic") != seen })
}

// frozen: systemd kills a front that makes no progress, and starts it anew.
func (f *firm) frozen() {
	f.t.Helper()
	dropIn := filepath.Join(f.root, "etc/systemd/system/tradefront@.service.d")
	if err := os.MkdirAll(dropIn, 0o750); err != nil {
		f.t.Fatal(err)
	}
	f.put("etc/systemd/system/tradefront@.service.d/test.conf", "[Service]\nWatchdogSec=10s\nTimeoutAbortSec=2s\n")
	f.sh("systemctl daemon-reload && systemctl restart tradefront@1")
	frozen := f.show("MainPID")
	f.sh("kill -STOP " + frozen)
	await.Every(f.t, look, "systemd to start the front anew", func() bool {
		return f.show("NRestarts") != "0" && f.show("ActiveState") == "active" && f.show("MainPID") != frozen
	})
}
